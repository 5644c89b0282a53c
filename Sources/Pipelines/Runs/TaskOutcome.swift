import Core

/// How the execution of one attempt came back.
enum TaskOutcome: Sendable {
    case succeeded(JSONObject)
    case failed(MartletError)
}
