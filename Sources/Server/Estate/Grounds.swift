import Access
import Backups
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Serving

/// The whole server: its houses, the accounts, the door and the gate in front of them.
struct Grounds: Sendable {
    let settings: ServerSettings
    let estate: Estate
    let access: AccessHouse
    let door: FrontDoor
    let certificates: TLSCertificates?
    let denials: DenialRecorder
    let backups: BackupKeeper
    let address: Late<String>
    let clock: Clock
    let logger: Logger

    /// Opens the house of the workspace `default` and prepares those of the others.
    static func build(
        settings: ServerSettings,
        single: SingleModel?,
        access: AccessHouse,
        certificates: TLSCertificates?,
        clock: Clock,
        logger: Logger
    ) async throws -> Grounds {
        let address = Late<String>()
        let late = Late<Estate>()
        let denials = DenialRecorder(clock: clock, logger: logger) { workspace in
            workspace.flatMap { late.value?.open($0)?.house.audit } ?? access.audit
        }
        let backups = try BackupWiring.keeper(settings, access, clock: clock, logger: logger) { late.value }
        let own = access.routes(denials) { late.value }
        var routes = own
        routes.register = { table in
            own.register(table)
            backups.routes.register(in: table)
        }
        let build = { @Sendable [routes] (name: String, site: ServerSettings) in
            let house = try await House.build(
                settings: site,
                workDirectory: try DataDirectory.folder("\(site.data)/tasks"),
                single: name == Principal.defaultWorkspace ? single : nil,
                quota: { [directory = access.directory] in
                    directory.workspace(name)?.quota ?? WorkspaceQuota()
                },
                pass: { [gatekeeper = access.gatekeeper] task in PassWiring.pass(to: task, of: name, gatekeeper) },
                address: address,
                clock: clock,
                logger: logger
            )
            return Estate.Open(house: house, front: try house.front(settings: site, server: routes))
        }
        let main = try await build(Principal.defaultWorkspace, settings)
        let estate = Estate(main: main, logger: logger) { name in
            try await build(name, try Site.settings(of: name, settings))
        }
        late.set(estate)
        ServingWiring.collect(into: ProcessWideMetrics.registry, settings.inference) { [weak estate] in
            (estate?.all ?? []).map { workspace, open in
                ServingMetrics.Source(
                    workspace: workspace == Principal.defaultWorkspace ? nil : workspace,
                    table: open.house.table,
                    pool: open.house.pool
                )
            }
        }
        return Grounds(
            settings: settings,
            estate: estate,
            access: access,
            door: FrontDoor(
                binding: access.binding,
                allowedHosts: settings.allowedHosts,
                certificateNames: { certificates?.names ?? [] }
            ),
            certificates: certificates,
            denials: denials,
            backups: backups,
            address: address,
            clock: clock,
            logger: logger
        )
    }

    /// What runs beside the servers of HTTP and gRPC.
    var services: [any Service] {
        let steward = Steward(estate: estate, directory: access.directory, settings: settings, clock: clock)
        let watching = certificates.map { certificates in
            [BackgroundService { [clock] in await certificates.run(clock: clock) }]
        }
        return backups.services + access.services(denials) + (watching ?? [])
            + [EstateService(estate: estate), BackgroundService { await steward.run() }]
    }

    /// The HTTP application in front of all workspaces; `onListening` hears the address once requests are accepted.
    func application(onListening: @escaping @Sendable (String) -> Void) -> any ApplicationProtocol {
        let configuration = ApplicationConfiguration(
            address: .hostname(settings.host, port: settings.port),
            serverName: nil,
            availableConnectionsDelegate: MaximumAvailableConnections(LaneLimits.connections)
        )
        let binding = access.binding
        let rules = ConnectionRules(
            tls: certificates,
            admits: { binding.admits(peer: $0) },
            hasLane: { !binding.isProxy(peer: $0) }
        )
        return Application(
            responder: EstateResponder(
                estate: estate,
                gatekeeper: access.gatekeeper,
                door: door,
                refused: { [denials] in denials.record($0) }
            ),
            server: LaneChannel.builder(lane, rules),
            configuration: configuration,
            onServerRunning: { [address, settings] channel in
                let port = channel.localAddress?.port ?? settings.port
                let name = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
                let listening = "\(binding.hasTLS ? "https" : "http")://\(name):\(port)"
                address.set(listening)
                onListening(listening)
            },
            logger: logger
        )
    }

    /// Predictions without the router, under the same rules: the door's names, the gate, and the leader alone.
    private var lane: ServingLane {
        let (estate, gatekeeper, door) = (estate, access.gatekeeper, door)
        return ServingLane(
            servesHost: { door.allows(authority: $0) },
            admit: { caller in
                let who = Caller(authorization: caller.authorization, workspace: caller.workspace)
                guard case .admitted(let principal) = gatekeeper.admitNow(who),
                    principal.permissions.contains(.predict),
                    let open = estate.open(principal.workspace), open.front.isOpen()
                else { return nil }
                return LaneAdmission(plane: open.front.plane) {
                    do throws(MartletError) {
                        try gatekeeper.spend(principal)
                        return true
                    } catch {
                        return false
                    }
                }
            }
        )
    }
}
