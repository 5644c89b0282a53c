import Core

/// How the execution of one attempt came back.
enum TaskOutcome: Sendable {
    case succeeded(JSONObject, AttemptRecord)
    case failed(MartletError, AttemptRecord)
    case lost(String, AttemptRecord)
}
