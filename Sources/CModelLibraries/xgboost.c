#include "martlet_xgboost.h"

#include <stdlib.h>

#include "martlet_library.h"

#define RESOLVE(name)                                                          \
    table->name = (__typeof__(table->name))martlet_library_symbol(library, #name); \
    if (table->name == NULL) {                                                 \
        *missing = #name;                                                      \
        free(table);                                                           \
        return NULL;                                                           \
    }

const martlet_xgboost *martlet_xgboost_table(void *library, const char **missing) {
    martlet_xgboost *table = calloc(1, sizeof *table);
    if (table == NULL) {
        *missing = "memory";
        return NULL;
    }
    RESOLVE(XGBoostVersion)
    RESOLVE(XGBGetLastError)
    RESOLVE(XGBSetGlobalConfig)
    RESOLVE(XGDMatrixCreateFromDense)
    RESOLVE(XGDMatrixSetInfoFromInterface)
    RESOLVE(XGDMatrixSetStrFeatureInfo)
    RESOLVE(XGDMatrixFree)
    RESOLVE(XGProxyDMatrixCreate)
    RESOLVE(XGBoosterCreate)
    RESOLVE(XGBoosterFree)
    RESOLVE(XGBoosterSetParam)
    RESOLVE(XGBoosterSetStrFeatureInfo)
    RESOLVE(XGBoosterGetNumFeature)
    RESOLVE(XGBoosterBoostedRounds)
    RESOLVE(XGBoosterUpdateOneIter)
    RESOLVE(XGBoosterEvalOneIter)
    RESOLVE(XGBoosterPredictFromDMatrix)
    RESOLVE(XGBoosterPredictFromDense)
    RESOLVE(XGBoosterLoadModelFromBuffer)
    RESOLVE(XGBoosterSaveModelToBuffer)
    RESOLVE(XGBoosterSaveJsonConfig)
    RESOLVE(XGBoosterSlice)
    return table;
}
