// The part of ONNX Runtime's C API that Martlet calls. OrtApi is an append-only table of function pointers, so a
// function is known by its index; the wheel ships no header. Indices as of API version 16, stable since.
// A non-NULL OrtStatus is an error and must be released.
#ifndef MARTLET_ONNXRUNTIME_H
#define MARTLET_ONNXRUNTIME_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Named as in ONNX Runtime. Sessions, values and options are opaque handles; `Release…` accepts each once.
typedef struct martlet_onnxruntime {
    int (*GetErrorCode)(const void *status);
    const char *_Nonnull (*_Nonnull GetErrorMessage)(void *status);
    void *_Nullable (*_Nonnull CreateEnv)(int logging_level, const char *name, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull CreateSession)(
        void *environment, const char *path, void *options, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull CreateSessionFromArray)(
        void *environment, const void *bytes, size_t count, void *options, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull Run)(
        void *session, const void *_Nullable run_options, const char *_Nullable const *_Nonnull input_names,
        void *_Nullable const *_Nonnull inputs, size_t input_count, const char *_Nullable const *_Nonnull output_names,
        size_t output_count, void *_Nullable *_Nonnull outputs);
    void *_Nullable (*_Nonnull CreateSessionOptions)(void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull SetSessionGraphOptimizationLevel)(void *options, int level);
    void *_Nullable (*_Nonnull SetIntraOpNumThreads)(void *options, int threads);
    void *_Nullable (*_Nonnull SetInterOpNumThreads)(void *options, int threads);
    void *_Nullable (*_Nonnull AddSessionConfigEntry)(void *options, const char *key, const char *value);
    void *_Nullable (*_Nonnull CreateTensorAsOrtValue)(
        void *allocator, const int64_t *shape, size_t dimensions, int element_type, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull CreateTensorWithDataAsOrtValue)(
        void *memory_info, void *data, size_t bytes, const int64_t *shape, size_t dimensions, int element_type,
        void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetTensorMutableData)(void *value, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetStringTensorDataLength)(void *value, size_t *out);
    void *_Nullable (*_Nonnull GetStringTensorContent)(
        void *value, void *texts, size_t bytes, size_t *offsets, size_t count);
    void *_Nullable (*_Nonnull GetResizedStringTensorElementBuffer)(
        void *value, size_t index, size_t bytes, char *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetTensorElementType)(const void *tensor_info, int *out);
    void *_Nullable (*_Nonnull GetDimensionsCount)(const void *tensor_info, size_t *out);
    void *_Nullable (*_Nonnull GetDimensions)(const void *tensor_info, int64_t *out, size_t count);
    void *_Nullable (*_Nonnull GetTensorTypeAndShape)(void *value, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetValueType)(void *value, int *out);
    void *_Nullable (*_Nonnull GetValue)(void *value, int index, void *allocator, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetValueCount)(void *value, size_t *out);
    void *_Nullable (*_Nonnull CreateCpuMemoryInfo)(int allocator_type, int memory_type, void *_Nullable *_Nonnull out);
    void *_Nullable (*_Nonnull GetAllocatorWithDefaultOptions)(void *_Nullable *_Nonnull out);
    void (*ReleaseStatus)(void *status);
    void (*ReleaseSession)(void *session);
    void (*ReleaseValue)(void *value);
    void (*ReleaseTensorTypeAndShapeInfo)(void *tensor_info);
    void (*ReleaseSessionOptions)(void *options);
    const char *_Nonnull (*_Nonnull GetVersionString)(void);
} martlet_onnxruntime;

/// Fills the table from the library's OrtApi. Returns NULL and names what is missing when that fails.
const martlet_onnxruntime *_Nullable martlet_onnxruntime_table(
    void *library, const char *_Nullable *_Nonnull missing);

#pragma clang assume_nonnull end

#endif
