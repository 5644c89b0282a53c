import Core
import Events
import Logging
import Pipelines
import Secrets

/// Triggers over the house's stores: events come from its stream, secrets of webhooks from its secrets.
enum TriggerWiring {
    /// What starts pipelines by time, by event, by call and for the past.
    static func service(
        stores: Stores,
        pipelines: PipelineService,
        clock: Clock,
        logger: Logger
    ) -> TriggerService {
        TriggerService(
            store: TriggerStore(database: stores.database, clock: clock),
            pipelines: pipelines,
            actions: TriggerActions(
                events: events(stores.events),
                secrets: { [secrets = stores.secrets] names in try await secrets.values(of: names) }
            ),
            clock: clock,
            logger: logger
        )
    }

    private static func events(_ log: EventLog) -> @Sendable (Int64?) async throws -> TriggerEventPage {
        { after in
            let page = try await log.page(after: after, limit: TriggerLimits.eventPage)
            return TriggerEventPage(
                events: page.events.map { event in
                    TriggerEvent(
                        id: event.id,
                        type: event.record.type,
                        subject: event.record.subject,
                        data: event.record.data,
                        at: event.record.at
                    )
                },
                next: page.next,
                isMissing: page.isMissing
            )
        }
    }
}
