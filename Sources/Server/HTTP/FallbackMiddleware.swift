import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Answers what no route answers: unknown paths and wrong methods, in the shape of the protocol that the path belongs to.
struct FallbackMiddleware: RouterMiddleware {
    typealias Context = AppRequestContext

    /// The methods of each registered path, to tell a wrong method from an unknown path.
    let methods: Late<MethodTable>
    /// Draws an error for people.
    let page: @Sendable (MartletError, Request) -> Response

    @concurrent func handle(
        _ request: Request,
        context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            return unanswered(request, context)
        } catch {
            return response(for: MartletError.wrapping(error), request, context)
        }
    }

    private func unanswered(_ request: Request, _ context: AppRequestContext) -> Response {
        let path = request.uri.path
        var allowed = methods.value?.allowed(for: path) ?? []
        // A verb of KServe V1 stands in a name's segment, which a GET of the name matches too.
        let isVerb = [":predict", ":explain"].contains { path.hasSuffix($0) }
        if isVerb, path.hasPrefix("/v1/models/") { allowed.remove("GET") }
        guard !allowed.isEmpty else {
            let error = MartletError(.notFound, "There is nothing at '\(path.prefix(200))'.")
            return response(for: error, request, context)
        }
        let list = allowed.sorted().joined(separator: ", ")
        let error = MartletError(
            .unimplemented,
            "'\(path.prefix(200))' does not accept \(request.method); use \(list)."
        )
        var response = response(for: error, request, context)
        response.status = .methodNotAllowed
        response.headers[.allow] = list
        return response
    }

    private func response(for error: MartletError, _ request: Request, _ context: AppRequestContext) -> Response {
        let shape = Self.shape(of: request)
        guard case .page = shape else { return shape.response(for: error, requestID: context.requestID) }
        return page(error, request)
    }

    /// How the protocol that a path belongs to says errors.
    static func shape(of request: Request) -> ErrorShape {
        let path = request.uri.path
        if path.hasPrefix("/api/2.0/") || path.hasPrefix("/api/3.0/") || path.hasPrefix("/ajax-api/") { return .mlflow }
        if path.hasPrefix("/v1/") || path.hasPrefix("/v2") { return .inference }
        let wantsPage = request.headers[.accept]?.contains("text/html") ?? false
        return wantsPage ? .page : .martlet
    }
}

/// Which methods each path pattern has.
struct MethodTable: Sendable {
    private let patterns: [(segments: [Substring], method: String)]

    init(_ entries: [RouteTable.Entry]) {
        patterns = entries.map { ($0.path.split(separator: "/"), $0.method) }
    }

    /// The methods of the patterns that match a path.
    func allowed(for path: String) -> Set<String> {
        let segments = path.split(separator: "/")
        return Set(patterns.filter { Self.matches($0.segments, segments) }.map(\.method))
    }

    private static func matches(_ pattern: [Substring], _ path: [Substring]) -> Bool {
        for (position, part) in pattern.enumerated() {
            if part == "**" { return true }
            guard position < path.count else { return false }
            guard let open = part.firstIndex(of: "{"), let close = part.firstIndex(of: "}") else {
                guard part == path[position] else { return false }
                continue
            }
            let prefix = part[..<open]
            let suffix = part[part.index(after: close)...]
            guard path[position].hasPrefix(prefix), path[position].hasSuffix(suffix),
                path[position].count > prefix.count + suffix.count
            else { return false }
        }
        return pattern.count == path.count
    }
}
