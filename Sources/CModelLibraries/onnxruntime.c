#include "martlet_onnxruntime.h"

#include <stdlib.h>

#include "martlet_library.h"

// The oldest version whose table holds everything below; a newer library still serves it.
#define API_VERSION 16

typedef struct {
    const void *const *(*get_api)(uint32_t version);
    const char *(*get_version_string)(void);
} api_base;

#define TAKE(name, index)                                       \
    table->name = (__typeof__(table->name))(uintptr_t)api[index]; \
    if (table->name == NULL) {                                  \
        *missing = #name;                                       \
        free(table);                                            \
        return NULL;                                            \
    }

const martlet_onnxruntime *martlet_onnxruntime_table(void *library, const char **missing) {
    const api_base *(*get_base)(void) =
        (const api_base *(*)(void))martlet_library_symbol(library, "OrtGetApiBase");
    const api_base *base = get_base == NULL ? NULL : get_base();
    if (base == NULL) {
        *missing = "OrtGetApiBase";
        return NULL;
    }
    const void *const *api = base->get_api(API_VERSION);
    if (api == NULL) {
        *missing = "API version 16";
        return NULL;
    }
    martlet_onnxruntime *table = calloc(1, sizeof *table);
    if (table == NULL) {
        *missing = "memory";
        return NULL;
    }
    table->GetVersionString = base->get_version_string;
    TAKE(GetErrorCode, 1)
    TAKE(GetErrorMessage, 2)
    TAKE(CreateEnv, 3)
    TAKE(CreateSession, 7)
    TAKE(CreateSessionFromArray, 8)
    TAKE(Run, 9)
    TAKE(CreateSessionOptions, 10)
    TAKE(SetSessionGraphOptimizationLevel, 23)
    TAKE(SetIntraOpNumThreads, 24)
    TAKE(SetInterOpNumThreads, 25)
    TAKE(CreateTensorAsOrtValue, 48)
    TAKE(CreateTensorWithDataAsOrtValue, 49)
    TAKE(GetTensorMutableData, 51)
    TAKE(GetStringTensorDataLength, 53)
    TAKE(GetStringTensorContent, 54)
    TAKE(GetTensorElementType, 60)
    TAKE(GetDimensionsCount, 61)
    TAKE(GetDimensions, 62)
    TAKE(GetTensorTypeAndShape, 65)
    TAKE(GetValueType, 67)
    TAKE(CreateCpuMemoryInfo, 69)
    TAKE(GetAllocatorWithDefaultOptions, 78)
    TAKE(GetValue, 80)
    TAKE(GetValueCount, 81)
    TAKE(ReleaseStatus, 93)
    TAKE(ReleaseSession, 95)
    TAKE(ReleaseValue, 96)
    TAKE(ReleaseTensorTypeAndShapeInfo, 99)
    TAKE(ReleaseSessionOptions, 100)
    TAKE(AddSessionConfigEntry, 130)
    TAKE(GetResizedStringTensorElementBuffer, 252)
    return table;
}
