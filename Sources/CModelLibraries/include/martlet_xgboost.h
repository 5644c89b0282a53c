// The part of XGBoost's C API that Martlet calls, as a table of function pointers filled at run time.
// Every int result is 0 for success; otherwise XGBGetLastError() has the reason, on the same thread.
#ifndef MARTLET_XGBOOST_H
#define MARTLET_XGBOOST_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// Handles are opaque. Pointers to results belong to the library until its next call on the same thread.
typedef struct martlet_xgboost {
    void (*XGBoostVersion)(int *major, int *minor, int *patch);
    const char *_Nonnull (*_Nonnull XGBGetLastError)(void);
    int (*XGBSetGlobalConfig)(const char *json);

    int (*XGDMatrixCreateFromDense)(const char *array, const char *config, void *_Nullable *_Nonnull out);
    int (*XGDMatrixSetInfoFromInterface)(void *matrix, const char *field, const char *array);
    int (*XGDMatrixSetStrFeatureInfo)(
        void *matrix, const char *field, const char *_Nullable *_Nonnull values, uint64_t count);
    int (*XGDMatrixFree)(void *matrix);
    int (*XGProxyDMatrixCreate)(void *_Nullable *_Nonnull out);

    int (*XGBoosterCreate)(void *_Nullable *_Nullable matrices, uint64_t count, void *_Nullable *_Nonnull out);
    int (*XGBoosterFree)(void *booster);
    int (*XGBoosterSetParam)(void *booster, const char *name, const char *value);
    int (*XGBoosterSetStrFeatureInfo)(
        void *booster, const char *field, const char *_Nullable *_Nonnull values, uint64_t count);
    int (*XGBoosterGetNumFeature)(void *booster, uint64_t *out);
    int (*XGBoosterBoostedRounds)(void *booster, int *out);
    int (*XGBoosterUpdateOneIter)(void *booster, int iteration, void *matrix);
    int (*XGBoosterEvalOneIter)(
        void *booster, int iteration, void *_Nullable *_Nonnull matrices, const char *_Nullable *_Nonnull names,
        uint64_t count, const char *_Nullable *_Nonnull out);
    int (*XGBoosterPredictFromDMatrix)(
        void *booster, void *matrix, const char *config, const uint64_t *_Nullable *_Nonnull shape,
        uint64_t *dimensions, const float *_Nullable *_Nonnull out);
    int (*XGBoosterPredictFromDense)(
        void *booster, const char *array, const char *config, void *_Nullable proxy,
        const uint64_t *_Nullable *_Nonnull shape, uint64_t *dimensions, const float *_Nullable *_Nonnull out);
    int (*XGBoosterLoadModelFromBuffer)(void *booster, const void *bytes, uint64_t count);
    int (*XGBoosterSaveModelToBuffer)(
        void *booster, const char *config, uint64_t *count, const char *_Nullable *_Nonnull out);
    int (*XGBoosterSaveJsonConfig)(void *booster, uint64_t *count, const char *_Nullable *_Nonnull out);
    int (*XGBoosterSlice)(void *booster, int begin, int end, int step, void *_Nullable *_Nonnull out);
} martlet_xgboost;

/// Looks up every function. Returns NULL and names the missing symbol when the library lacks one.
/// The table is never freed: a library stays open for the life of the process.
const martlet_xgboost *_Nullable martlet_xgboost_table(void *library, const char *_Nullable *_Nonnull missing);

#pragma clang assume_nonnull end

#endif
