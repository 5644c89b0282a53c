import Core

/// Tries what of a sandbox for tasks and workers this machine can apply.
enum SandboxProbe {
    /// A check for each part; none is missing, because a server runs without them and says so.
    static func checks(_ report: SandboxReport = .probe(isArranging: false)) -> [DoctorCheck] {
        report.parts.map { part in
            DoctorCheck("sandbox: \(part.name)", part.holds ? .ok : .warning, part.detail)
        }
    }
}
