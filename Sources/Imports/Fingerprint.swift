import Core
import Tracking

/// Sixty-four bits that change when what was put in changes (FNV-1a): enough to notice a changed run.
struct Fingerprint {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Puts a text in; its end counts, so that `ab`, `c` differs from `a`, `bc`.
    mutating func add(_ text: String) {
        for byte in text.utf8 { mix(byte) }
        mix(0xFF)
    }

    private mutating func mix(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }

    /// The bits as hexadecimal digits.
    var text: String { String(state, radix: 16) }

    /// The bits of a run; `metrics` says how far its metrics are.
    static func of(_ run: ImportedRun, metrics: [String]) -> String {
        var fingerprint = Fingerprint()
        fingerprint.add("\(run.name)|\(run.userID)|\(run.status.rawValue)|\(run.lifecycle.rawValue)")
        fingerprint.add("\(run.startTime.milliseconds)|\(run.endTime?.milliseconds ?? -1)")
        for param in run.params.sorted(by: { $0.key < $1.key }) { fingerprint.add("p\(param.key)=\(param.value)") }
        for tag in run.tags.sorted(by: { $0.key < $1.key }) { fingerprint.add("t\(tag.key)=\(tag.value)") }
        for dataset in run.datasets { fingerprint.add("d\(dataset.name)@\(dataset.digest)") }
        for output in run.modelOutputs { fingerprint.add("o\(output.modelID)@\(output.step)") }
        for metric in metrics { fingerprint.add("m\(metric)") }
        return fingerprint.text
    }
}
