import Runtimes

extension ServerSettings {
    /// How models are run where a deployment says nothing else: Python models in the environments that
    /// `martlet model env` prepared in the data directory.
    var runtime: RuntimeSettings {
        var settings = RuntimeSettings()
        settings.python.environments = "\(data)/environments"
        settings.python.scratch = "\(data)/workers"
        settings.python.sandbox = SandboxWiring.policy(self)
        return settings
    }
}
