package import Core
package import HTTPSupport
import HTTPTypes
package import Hummingbird
import NIOCore

/// The console: a page for every noun, its assets, and the buttons.
package struct ConsoleRoutes: Sendable {
    private let sources: ConsoleSources
    private let assets: Assets
    private let responder: PageResponder
    private let access: ConsoleAccess?

    /// Parses the templates.
    ///
    /// - Parameters:
    ///   - sources: the features that are shown.
    ///   - access: accounts, sessions, records and secrets; nil leaves their pages out.
    ///   - version: what the foot of the side bar shows.
    /// - Throws: `internal` when a template is broken, which a test would have caught.
    package init(sources: ConsoleSources, access: ConsoleAccess? = nil, version: String) throws(MartletError) {
        self.sources = sources
        self.access = access
        assets = .embedded(version: version)
        let renderer = try PageRenderer(assets: assets)
        responder =
            access.map { access in
                PageResponder(renderer: renderer, viewer: { access.viewer($0, $1.principal) })
            } ?? PageResponder(renderer: renderer)
    }

    /// Registers the pages, the assets and the buttons.
    package func register(in routes: RouteTable) {
        registerAssets(in: routes)
        registerPages(in: routes)
        registerMorePages(in: routes)
        ConsoleActions(sources: sources).register(in: routes)
        ConsoleFormRoutes(sources: sources, responder: responder).register(in: routes)
        RunPictures(tracking: sources.tracking).register(in: routes)
        guard let access else { return }
        LoginRoutes(access: access, responder: responder).register(in: routes)
        AccountRoutes(access: access, responder: responder).register(in: routes)
        AccessPageRoutes(access: access, responder: responder).register(in: routes)
    }

    /// The page of an error that happened before any route of the console: an unknown path, a wrong method.
    package func errorPage(_ error: MartletError, _ request: Request) -> Response {
        responder.failure(error, request)
    }

    private func registerPages(in routes: RouteTable) {
        let sources = sources
        page("/", in: routes) { _, _ in try await OverviewLoader(sources: sources).page() }
        page("/data", in: routes) { _, _ in try await DatasetLoader(sources: sources).list() }
        page("/data/{name}", in: routes) { _, context in
            try await DatasetLoader(sources: sources).page(context.parameters.require("name"))
        }
        page("/experiments", in: routes) { _, _ in try await ExperimentLoader(sources: sources).list() }
        page("/experiments/{id}", in: routes) { request, context in
            let query = try ConsoleQuery(request)
            return try await ExperimentLoader(sources: sources).page(context.parameters.require("id"), query)
        }
        page("/runs/{id}", in: routes) { request, context in
            let query = try ConsoleQuery(request)
            return try await RunLoader(sources: sources).page(context.parameters.require("id"), query)
        }
        page("/models", in: routes) { _, _ in try await ModelLoader(sources: sources).list() }
        page("/models/{name}", in: routes) { _, context in
            try await ModelLoader(sources: sources).page(context.parameters.require("name"))
        }
        page("/models/{name}/{version}", in: routes) { request, context in
            let query = try ConsoleQuery(request)
            let name = try context.parameters.require("name")
            return try await ModelLoader(sources: sources).version(name, context.parameters.require("version"), query)
        }
        page("/pipelines", in: routes) { _, _ in try await PipelineLoader(sources: sources).list() }
        page("/pipelines/{name}", in: routes) { _, context in
            try await PipelineLoader(sources: sources).page(context.parameters.require("name"))
        }
        page("/pipeline-runs/{id}", in: routes) { request, context in
            let query = try ConsoleQuery(request)
            return try await PipelineRunLoader(sources: sources).page(context.parameters.require("id"), query)
        }
        page("/deployments", in: routes) { _, _ in try await DeploymentLoader(sources: sources).list() }
        page("/deployments/{name}", in: routes) { _, context in
            try await DeploymentLoader(sources: sources).page(context.parameters.require("name"))
        }
        page("/drift", in: routes) { _, _ in try await MonitorLoader(sources: sources).list() }
        page("/drift/{name}", in: routes) { _, context in
            try await MonitorLoader(sources: sources).page(context.parameters.require("name"))
        }
        page("/loop", in: routes) { _, _ in try await LoopLoader(sources: sources).list() }
        page("/loops/{id}", in: routes) { _, context in
            try await LoopLoader(sources: sources).page(context.parameters.require("id"))
        }
    }

    private func registerMorePages(in routes: RouteTable) {
        let sources = sources
        page("/declare", in: routes) { request, _ in
            try await DeclarationLoader(sources: sources).page(ConsoleQuery(request)["deployment"])
        }
        page("/ledger", in: routes) { request, _ in
            try await LedgerLoader(sources: sources).list(ConsoleQuery(request))
        }
        page("/ledger/quality", in: routes) { request, _ in
            guard let deployment = try ConsoleQuery(request)["deployment"] else {
                throw MartletError(.invalidArgument, "'deployment' must name one in the address.")
            }
            return try await LedgerLoader(sources: sources).quality(deployment)
        }
        page("/ledger/{deployment}/{id}", in: routes) { _, context in
            let deployment = PercentEncoding.decode(try context.parameters.require("deployment")) ?? ""
            let id = PercentEncoding.decode(try context.parameters.require("id")) ?? ""
            return try await LedgerLoader(sources: sources).prediction(deployment, id)
        }
        page("/replays", in: routes) { request, _ in
            let query = try ConsoleQuery(request)
            return try await ReplayLoader(sources: sources)
                .list(deployment: query["deployment"], pageToken: query["page_token"])
        }
        page("/replays/{id}", in: routes) { _, context in
            try await ReplayLoader(sources: sources).page(context.parameters.require("id"))
        }
        page("/events", in: routes) { request, _ in
            try await EventLoader(sources: sources).page(ConsoleQuery(request))
        }
    }

    private func page(_ path: String, in routes: RouteTable, _ load: @escaping PageResponder.Loader) {
        let responder = responder
        routes.get(path, permission: .read, errors: .page) { request, context in
            await responder.respond(request, context, load)
        }
    }

    private func registerAssets(in routes: RouteTable) {
        let assets = assets
        routes.get("/assets/{file}", permission: .open, errors: .page) { request, context in
            let name = try context.parameters.require("file")
            guard let file = assets.files[name] else {
                throw MartletError(.notFound, "There is no asset of this name in this version; reload the page.")
            }
            var headers = HTTPFields()
            let etag = "\"\(file.hash)\""
            headers[.eTag] = etag
            headers[.cacheControl] = "public, max-age=31536000, immutable"
            headers[.xContentTypeOptions] = "nosniff"
            headers[.contentSecurityPolicy] = "default-src 'none'"
            guard request.headers[.ifNoneMatch] != etag else {
                return Response(status: .notModified, headers: headers)
            }
            headers[.contentType] = file.contentType
            headers[.contentLength] = String(file.bytes.count)
            return Response(
                status: .ok,
                headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes))
            )
        }
    }
}
