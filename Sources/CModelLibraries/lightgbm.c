#include "martlet_lightgbm.h"

#include <stdlib.h>

#include "martlet_library.h"

#define RESOLVE(name)                                                          \
    table->name = (__typeof__(table->name))martlet_library_symbol(library, #name); \
    if (table->name == NULL) {                                                 \
        *missing = #name;                                                      \
        free(table);                                                           \
        return NULL;                                                           \
    }

const martlet_lightgbm *martlet_lightgbm_table(void *library, const char **missing) {
    martlet_lightgbm *table = calloc(1, sizeof *table);
    if (table == NULL) {
        *missing = "memory";
        return NULL;
    }
    RESOLVE(LGBM_GetLastError)
    RESOLVE(LGBM_BoosterLoadModelFromString)
    RESOLVE(LGBM_BoosterFree)
    RESOLVE(LGBM_BoosterGetNumFeature)
    RESOLVE(LGBM_BoosterGetNumClasses)
    RESOLVE(LGBM_BoosterPredictForMatSingleRowFastInit)
    RESOLVE(LGBM_BoosterPredictForMatSingleRowFast)
    RESOLVE(LGBM_BoosterPredictForMat)
    RESOLVE(LGBM_BoosterCalcNumPredict)
    RESOLVE(LGBM_FastConfigFree)
    RESOLVE(LGBM_DatasetCreateFromMat)
    RESOLVE(LGBM_DatasetSetField)
    RESOLVE(LGBM_DatasetSetFeatureNames)
    RESOLVE(LGBM_DatasetFree)
    RESOLVE(LGBM_BoosterCreate)
    RESOLVE(LGBM_BoosterAddValidData)
    RESOLVE(LGBM_BoosterUpdateOneIter)
    RESOLVE(LGBM_BoosterGetCurrentIteration)
    RESOLVE(LGBM_BoosterGetEvalCounts)
    RESOLVE(LGBM_BoosterGetEvalNames)
    RESOLVE(LGBM_BoosterGetEval)
    RESOLVE(LGBM_BoosterSaveModelToString)
    RESOLVE(LGBM_RegisterLogCallback)
    return table;
}
