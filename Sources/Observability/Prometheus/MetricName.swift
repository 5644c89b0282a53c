/// Names and values as Prometheus wants them.
///
/// Features name their metrics as they like (`http.server.request.duration`); here the name becomes
/// `http_server_request_duration_seconds`. Counters end in `_total`, timers in `_seconds`.
package enum MetricName {
    /// The name of a counter: legal, with `_total` at its end.
    package static func counter(_ label: String) -> String {
        suffixed(metric(label), "_total")
    }

    /// The name of a timer: legal, with `_seconds` at its end.
    package static func timer(_ label: String) -> String {
        suffixed(metric(label), "_seconds")
    }

    /// A legal metric name, `[a-zA-Z_:][a-zA-Z0-9_:]*`: each other byte becomes an underscore.
    package static func metric(_ label: String) -> String {
        legal(label, allowingColon: true)
    }

    /// A legal label name, `[a-zA-Z_][a-zA-Z0-9_]*`; the reserved `le`, `quantile` and `__…` are set apart.
    package static func label(_ key: String) -> String {
        let name = legal(key, allowingColon: false)
        return name == "le" || name == "quantile" || name.hasPrefix("__") ? "label_" + name : name
    }

    private static func suffixed(_ name: String, _ suffix: String) -> String {
        name.hasSuffix(suffix) ? name : name + suffix
    }

    private static func legal(_ text: String, allowingColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8.prefix(MetricsLimits.maximumNameBytes) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where allowingColon:
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
