/// What a route asks of the one who calls it.
///
/// Every route names one; there is no default.
package enum Permission: String, Sendable, CaseIterable {
    /// Nothing: health and readiness.
    case open
    /// See experiments, models, deployments, pages.
    case read
    /// Log runs, upload artifacts, give feedback.
    case write
    /// Ask a model for predictions.
    case predict
    /// Apply manifests, run pipelines, promote, roll back.
    case operate
    /// Manage who may do what.
    case admin
}
