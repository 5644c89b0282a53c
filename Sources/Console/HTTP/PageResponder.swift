import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Answers with pages: whole, as the fragment that the script asks for, or not at all when nothing changed.
struct PageResponder: Sendable {
    /// Loads one page.
    typealias Loader = @Sendable (Request, AppRequestContext) async throws -> any ConsolePage

    let renderer: PageRenderer
    /// Says who looks.
    var viewer: @Sendable (Request, AppRequestContext) -> Viewer = { _, context in Viewer(of: context.principal) }

    /// Loads and renders; every failure becomes a page of its own.
    func respond(_ request: Request, _ context: AppRequestContext, _ load: Loader) async -> Response {
        await Viewer.$current.withValue(viewer(request, context)) { await answer(request, context, load) }
    }

    private func answer(_ request: Request, _ context: AppRequestContext, _ load: Loader) async -> Response {
        do {
            return response(try await load(request, context), request, status: .ok)
        } catch {
            let failure = MartletError.wrapping(error)
            if failure.code == .internal || failure.code == .dataLoss {
                context.logger.error("\(failure)", metadata: ["request": "\(context.requestID)"])
            }
            var response = self.failure(failure, request)
            response.headers[.requestID] = context.requestID
            return response
        }
    }

    /// The page of an error.
    func failure(_ error: MartletError, _ request: Request) -> Response {
        response(ErrorPage(error), request, status: error.code.status)
    }

    /// A page as the answer to a form, drawn for whoever sent it; never kept by the browser.
    func answer(
        _ page: some ConsolePage,
        _ request: Request,
        _ context: AppRequestContext,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        var response = Viewer.$current.withValue(viewer(request, context)) {
            self.response(page, request, status: status)
        }
        response.headers[.cacheControl] = "no-store"
        response.headers[.eTag] = nil
        return response
    }

    private func response(_ page: some ConsolePage, _ request: Request, status: HTTPResponse.Status) -> Response {
        let isFragment = request.query("fragment") == "main"
        let html = isFragment ? renderer.main(page) : renderer.document(page)
        let etag = "\"\(ContentHash.text(of: html.utf8))\""
        var headers = ConsoleHeaders.page(etag: etag)
        guard status != .ok || request.headers[.ifNoneMatch] != etag else {
            return Response(status: .notModified, headers: headers)
        }
        let body = ByteBuffer(string: html)
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentLength] = String(body.readableBytes)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
