import Core
import InferenceProto
import SwiftProtobuf

/// Triton's trace and log settings, which clients may read here but not change, and its shared memory, which there is
/// not.
struct SettingMethods: Sendable {
    /// The methods by name.
    var methods: [String: GRPCMethod] {
        var methods: [String: GRPCMethod] = [
            "TraceSetting": .messages { (request: Inference_TraceSettingRequest, _) in
                for (name, value) in request.settings where value.value != Self.trace[name] {
                    throw Self.fixed("trace", name, Self.trace.keys.sorted())
                }
                return Inference_TraceSettingResponse.with { answer in
                    answer.settings = Self.trace.mapValues { values in .with { $0.value = values } }
                }
            },
            "LogSettings": .messages { (request: Inference_LogSettingsRequest, _) in
                let current = Self.log
                for (name, value) in request.settings {
                    let isSame =
                        switch (value.parameterChoice, current[name]?.parameterChoice) {
                        case (.boolParam(let asked)?, .boolParam(let now)?): asked == now
                        case (.uint32Param(let asked)?, .uint32Param(let now)?): asked == now
                        case (.stringParam(let asked)?, .stringParam(let now)?): asked == now
                        default: false
                        }
                    guard isSame else { throw Self.fixed("log", name, current.keys.sorted()) }
                }
                return Inference_LogSettingsResponse.with { $0.settings = current }
            },
        ]
        for kind in ["System", "Cuda"] {
            for verb in ["Status", "Register", "Unregister"] {
                methods["\(kind)SharedMemory\(verb)"] = .unary { _, _, _ in
                    throw MartletError(
                        .unimplemented,
                        "Shared memory is not offered; send tensors in 'raw_input_contents' or 'contents'."
                    )
                }
            }
        }
        return methods
    }

    private static let trace: [String: [String]] = [
        "trace_file": [""], "trace_level": ["OFF"], "trace_rate": ["1"], "trace_count": ["-1"], "log_frequency": ["0"],
        "trace_mode": ["opentelemetry"],
    ]

    private static var log: [String: Inference_LogSettingsResponse.SettingValue] {
        [
            "log_file": .with { $0.stringParam = "" },
            "log_info": .with { $0.boolParam = true },
            "log_warning": .with { $0.boolParam = true },
            "log_error": .with { $0.boolParam = true },
            "log_verbose_level": .with { $0.uint32Param = 0 },
            "log_format": .with { $0.stringParam = "ISO8601" },
        ]
    }

    private static func fixed(_ kind: String, _ name: String, _ known: [String]) -> MartletError {
        guard known.contains(name) else {
            return MartletError(
                .invalidArgument,
                "There is no \(kind) setting '\(name.prefix(100))'; there are \(known.joined(separator: ", "))."
            )
        }
        return MartletError(
            .unimplemented,
            "The \(kind) setting '\(name)' cannot be changed while the server runs; give it when the server starts."
        )
    }
}
