package import Storage

extension WebhookStore {
    /// The tables of webhooks and deliveries.
    package static let migrations: [Migration] = [
        Migration(
            id: "webhooks-0001",
            statements: [
                // A deleted webhook leaves its row behind, so that its deliveries still belong to something.
                """
                CREATE TABLE webhooks (
                    webhook_id TEXT PRIMARY KEY, webhook_number BIGINT NOT NULL UNIQUE, name TEXT NOT NULL,
                    description TEXT, url TEXT NOT NULL, status TEXT NOT NULL, secret TEXT,
                    creation_time BIGINT NOT NULL, last_update_time BIGINT NOT NULL, deletion_time BIGINT)
                """,
                """
                CREATE TABLE webhook_events (
                    webhook_id TEXT NOT NULL REFERENCES webhooks (webhook_id), entity TEXT NOT NULL,
                    event_action TEXT NOT NULL, event_position INTEGER NOT NULL,
                    PRIMARY KEY (webhook_id, entity, event_action))
                """,
                "CREATE INDEX webhook_events_by_event ON webhook_events (entity, event_action)",
                """
                CREATE TABLE webhook_deliveries (
                    delivery_number BIGINT PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE,
                    webhook_id TEXT NOT NULL REFERENCES webhooks (webhook_id), event TEXT NOT NULL, body TEXT NOT NULL,
                    status TEXT NOT NULL, attempts INTEGER NOT NULL, next_attempt_time BIGINT NOT NULL,
                    creation_time BIGINT NOT NULL, end_time BIGINT, response_status INTEGER, error TEXT)
                """,
                "CREATE INDEX webhook_deliveries_due ON webhook_deliveries (status, next_attempt_time)",
                "CREATE INDEX webhook_deliveries_of ON webhook_deliveries (webhook_id, delivery_number)",
            ]
        ),
        Migration(
            id: "webhooks-0002",
            statements: [
                "ALTER TABLE webhooks ADD COLUMN format TEXT NOT NULL DEFAULT 'mlflow'",
                "ALTER TABLE webhook_deliveries ADD COLUMN format TEXT NOT NULL DEFAULT 'mlflow'",
            ]
        ),
    ]
}
