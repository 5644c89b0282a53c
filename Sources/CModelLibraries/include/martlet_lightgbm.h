// The part of LightGBM's C API that Martlet calls, as a table of function pointers filled at run time.
// Every int result is 0 for success; otherwise LGBM_GetLastError() has the reason, on the same thread.
#ifndef MARTLET_LIGHTGBM_H
#define MARTLET_LIGHTGBM_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// `data_type` 0 is float32, 2 int32; `predict_type` 0 is the transformed output, 3 are SHAP values.
typedef struct martlet_lightgbm {
    const char *_Nonnull (*_Nonnull LGBM_GetLastError)(void);
    int (*LGBM_BoosterLoadModelFromString)(const char *model, int *iterations, void *_Nullable *_Nonnull out);
    int (*LGBM_BoosterFree)(void *booster);
    int (*LGBM_BoosterGetNumFeature)(void *booster, int *out);
    int (*LGBM_BoosterGetNumClasses)(void *booster, int *out);
    int (*LGBM_BoosterPredictForMatSingleRowFastInit)(
        void *booster, int predict_type, int start_iteration, int iterations, int data_type, int32_t columns,
        const char *parameters, void *_Nullable *_Nonnull out);
    int (*LGBM_BoosterPredictForMatSingleRowFast)(void *fast_config, const void *data, int64_t *count, double *out);
    int (*LGBM_BoosterPredictForMat)(
        void *booster, const void *data, int data_type, int32_t rows, int32_t columns, int is_row_major,
        int predict_type, int start_iteration, int iterations, const char *parameters, int64_t *count, double *out);
    int (*LGBM_BoosterCalcNumPredict)(
        void *booster, int rows, int predict_type, int start_iteration, int iterations, int64_t *out);
    int (*LGBM_FastConfigFree)(void *fast_config);

    int (*LGBM_DatasetCreateFromMat)(
        const void *data, int data_type, int32_t rows, int32_t columns, int is_row_major, const char *parameters,
        void *_Nullable reference, void *_Nullable *_Nonnull out);
    int (*LGBM_DatasetSetField)(void *dataset, const char *field, const void *data, int count, int data_type);
    int (*LGBM_DatasetSetFeatureNames)(void *dataset, const char *_Nullable *_Nonnull names, int count);
    int (*LGBM_DatasetFree)(void *dataset);
    int (*LGBM_BoosterCreate)(void *training, const char *parameters, void *_Nullable *_Nonnull out);
    int (*LGBM_BoosterAddValidData)(void *booster, void *dataset);
    int (*LGBM_BoosterUpdateOneIter)(void *booster, int *is_finished);
    int (*LGBM_BoosterGetCurrentIteration)(void *booster, int *out);
    int (*LGBM_BoosterGetEvalCounts)(void *booster, int *out);
    int (*LGBM_BoosterGetEvalNames)(
        void *booster, int room, int *count, size_t bytes, size_t *needed, char *_Nullable *_Nonnull out);
    int (*LGBM_BoosterGetEval)(void *booster, int dataset, int *count, double *out);
    int (*LGBM_BoosterSaveModelToString)(
        void *booster, int start_iteration, int iterations, int importance, int64_t room, int64_t *needed, char *out);
    int (*LGBM_RegisterLogCallback)(void (*callback)(const char *));
} martlet_lightgbm;

/// Looks up every function. Returns NULL and names the missing symbol when the library lacks one.
const martlet_lightgbm *_Nullable martlet_lightgbm_table(void *library, const char *_Nullable *_Nonnull missing);

#pragma clang assume_nonnull end

#endif
