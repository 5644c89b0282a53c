/// The templates that are compiled into the binary, by name.
package enum ConsoleTemplates {
    /// Every template: the name that pages and partials use, and its source.
    package static let all: [(name: String, source: [UInt8])] = [
        ("dataset", PackageResources.dataset_mustache),
        ("deployment", PackageResources.deployment_mustache),
        ("error", PackageResources.error_mustache),
        ("experiment", PackageResources.experiment_mustache),
        ("head", PackageResources.head_mustache),
        ("layout", PackageResources.layout_mustache),
        ("list", PackageResources.list_mustache),
        ("login", PackageResources.login_mustache),
        ("loop", PackageResources.loop_mustache),
        ("loops", PackageResources.loops_mustache),
        ("model", PackageResources.model_mustache),
        ("modelversion", PackageResources.modelversion_mustache),
        ("monitor", PackageResources.monitor_mustache),
        ("overview", PackageResources.overview_mustache),
        ("panels", PackageResources.panels_mustache),
        ("pipeline", PackageResources.pipeline_mustache),
        ("pipelinerun", PackageResources.pipelinerun_mustache),
        ("pipelines", PackageResources.pipelines_mustache),
        ("run", PackageResources.run_mustache),
    ]
}
