import Access
import Core
import Foundation
import Logging
import Pipelines

/// Pipelines over the house's stores.
enum PipelineWiring {
    /// How tasks run.
    ///
    /// - Parameters:
    ///   - settings: the house's settings.
    ///   - stores: where secrets are.
    ///   - workDirectory: where tasks find the manifest's files.
    ///   - address: where the server listens.
    ///   - quota: what the workspace may use.
    ///   - pass: what a task shows to the server.
    /// - Returns: the configuration, with its sandbox.
    static func configuration(
        _ settings: ServerSettings,
        stores: Stores,
        workDirectory: String,
        address: String?,
        quota: @escaping @Sendable () -> WorkspaceQuota,
        pass: @escaping @Sendable (_ task: String) -> TaskPass?
    ) -> PipelineConfiguration {
        var configuration = PipelineConfiguration(workDirectory: workDirectory, trackingURI: address)
        SecretWiring.equip(&configuration, secrets: stores.secrets, settings: settings)
        configuration.pass = pass
        configuration.artifacts = stores.artifacts
        configuration.usage = { usage, pipeline, _ in TaskSums.add(usage, pipeline: pipeline) }
        configuration.concurrentTasks = { quota().concurrentTasks.map { Int(clamping: $0) } }
        return configuration
    }

    /// What runs pipelines; the end of each run is told to the stream of events.
    static func service(
        _ configuration: PipelineConfiguration,
        stores: Stores,
        steps: [BuiltinStep],
        clock: Clock,
        logger: Logger
    ) -> PipelineService {
        var configuration = configuration
        let offers = OfferStore(database: stores.database, clock: clock)
        let address = configuration.trackingURI
        configuration.queueExecutor = { OfferExecutor(offers: offers, queue: $0, trackingURI: address) }
        configuration.containerExecutor = ContainerExecutor(
            trackingURI: address(),
            searchPath: configuration.searchPath,
            hasNetwork: configuration.sandbox.tasksHaveNetwork,
            pass: configuration.pass
        )
        do throws(MartletError) {
            let environment = ProcessInfo.processInfo.environment
            configuration.delegates = try ArgoWiring.delegates(environment: environment, clock: clock)
        } catch {
            // Pipelines that run here need no cluster; those with `executor: kubernetes` are refused.
            logger.error("The cluster that the environment names cannot be used.", metadata: ["error": "\(error)"])
        }
        return PipelineService(
            store: PipelineStore(
                database: stores.database,
                clock: clock,
                outbox: stores.outbox.pipelines,
                taskEnded: LineageWiring.taskEnded
            ),
            steps: steps,
            configuration: configuration,
            clock: clock,
            logger: logger
        )
    }
}
