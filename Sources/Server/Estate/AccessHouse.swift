import Access
import Core
import Egress
import HTTPSupport
import Hummingbird
import Logging
import Storage
import Synchronization

/// What a server has once for all its workspaces: the accounts, the gate and the records of who did what to them.
struct AccessHouse: Sendable {
    let database: Database
    let store: AccessStore
    let directory: IdentityDirectory
    let gatekeeper: Gatekeeper
    /// Identity providers; nil without any.
    let oidc: OIDCService?
    let audit: AuditLog
    let binding: Binding
    let clock: Clock
    let logger: Logger

    /// Opens the accounts of a server.
    static func open(
        settings: ServerSettings,
        binding: Binding,
        clock: Clock,
        logger: Logger
    ) async throws -> AccessHouse {
        let database = try await openDatabase(settings)
        try await database.migrate(migrations, now: clock.now)
        let audit = AuditLog(database: database, name: AuditLog.server, clock: clock)
        audit.install()
        let store = AccessStore(database: database, clock: clock)
        let directory = IdentityDirectory(store: store, clock: clock)
        try await directory.reload()
        let oidc = try Self.oidc(settings, binding, directory, clock, logger)
        return AccessHouse(
            database: database,
            store: store,
            directory: directory,
            gatekeeper: Gatekeeper(mode: binding.hasAccounts ? .accounts : .off, identities: directory, bearer: oidc),
            oidc: oidc,
            audit: audit,
            binding: binding,
            clock: clock,
            logger: logger
        )
    }

    private static func oidc(
        _ settings: ServerSettings,
        _ binding: Binding,
        _ directory: IdentityDirectory,
        _ clock: Clock,
        _ logger: Logger
    ) throws(MartletError) -> OIDCService? {
        guard !settings.oidc.issuers.isEmpty else { return nil }
        guard binding.hasAccounts else {
            throw MartletError(
                .failedPrecondition,
                "An identity provider is configured, and nobody has to log in: start with --auth required, or without "
                    + "the provider."
            )
        }
        return try OIDCService(
            issuers: settings.oidc.issuers,
            egress: EgressClient(policy: settings.egress.policy),
            directory: directory,
            clock: clock,
            logger: logger
        )
    }

    /// The schema's history of the accounts' database.
    static let migrations: [Migration] = AccessStore.migrations + AuditLog.migrations

    static func openDatabase(_ settings: ServerSettings) async throws -> Database {
        guard let url = settings.postgresURL else { return try Database.open(path: "\(settings.data)/access.db") }
        return try await BlockingWork.run { try Database.open(postgres: url, schema: Site.accessSchema) }
    }

    /// Makes the first administrator's token if nobody can log in to manage the server; nil if somebody can.
    func firstToken() async throws -> String? {
        guard binding.hasAccounts else { return nil }
        let context = ChangeContext(
            actor: "system:start",
            workspace: AuditLog.server,
            action: "first start",
            object: "account:admin"
        )
        return try await ChangeContext.$current.withValue(context) { try await directory.bootstrap() }
    }

    /// What runs beside the server.
    func services(_ denials: DenialRecorder) -> [BackgroundService] {
        [
            BackgroundService { [directory] in await directory.run() },
            BackgroundService { await denials.run() },
        ]
    }

    /// The gate of every route table, and the routes about accounts.
    func routes(_ denials: DenialRecorder, _ estate: @escaping @Sendable () -> Estate?) -> ServerRoutes {
        ServerRoutes(
            gate: { finder, check in
                RouteAccess.gate(
                    finder: finder,
                    checkForm: { request, _ in try await request.checkFormToken() },
                    refused: { error, entry, context in
                        denials.record(Denial(error, entry, context))
                    },
                    login: { LoginRedirect.response(for: $0) },
                    unless: check
                )
            },
            register: { [self, audit, oidc, store, clock] routes in
                AuditRoutes(serverLog: audit).register(in: routes)
                AccessRoutes(administration: AccessAdministration(directory: directory)).register(in: routes)
                ConsoleWiring.register(self, estate, in: routes)
                if let oidc {
                    OIDCRoutes(service: oidc, sessions: SessionService(store: store, clock: clock)).register(in: routes)
                }
            },
            console: { [self] house in ConsoleWiring.access(of: house, self, estate) },
            hasWorkspaces: { [self] in ConsoleWiring.hasWorkspaces(self) }
        )
    }

    /// Closes the accounts' database.
    func close() async {
        do {
            try await database.close()
        } catch {
            logger.error("The accounts' database was not closed properly.", metadata: ["error": "\(error)"])
        }
    }
}

extension Denial {
    /// A refusal by a route.
    fileprivate init(_ error: MartletError, _ entry: RouteTable.Entry, _ context: AppRequestContext) {
        let principal = context.principal
        let isKnown = principal.kind != .anonymous
        self.init(
            actor: isKnown ? principal.name : "",
            token: principal.tokenID,
            workspace: isKnown ? principal.workspace : nil,
            method: entry.method,
            path: entry.path,
            requestID: context.requestID,
            address: context.clientAddress,
            reason: error.message
        )
    }
}
