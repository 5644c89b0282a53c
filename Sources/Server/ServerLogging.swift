import Core
import Foundation
package import Logging
import Metrics
import Observability

/// Sends the logs and metrics of every module where the settings say.
package enum ServerLogging {
    /// Installs the log handler for the process, once, and returns the server's logger.
    package static func bootstrap(
        _ format: ServerSettings.LogFormat,
        level: Logger.Level = .notice
    ) -> Logger {
        let form: LogFormat = format == .json ? .json : .terminal
        LoggingSystem.bootstrap(form.factory(level: level, colours: isatty(STDERR_FILENO) == 1))
        return Logger(label: "martlet")
    }
}
