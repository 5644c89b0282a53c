import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import Learning
import Registry

/// `GET /api/martlet/v1/models/{name}/versions/{version}/card`: what people should know of a version before they use it.
struct ModelCardRoutes {
    let stores: Stores

    func register(in routes: RouteTable) {
        let stores = stores
        routes.get(
            "/api/martlet/v1/models/{name}/versions/{version}/card",
            permission: .read,
            errors: .martlet
        ) { request, context in
            let name = try context.parameters.require("name")
            let version = try context.parameters.require("version")
            let number: Int
            if let given = Int(version), given > 0 {
                number = given
            } else {
                number = try await stores.registry.resolve(alias: version, of: name)
            }
            let record = try await stores.registry.version(name, number)
            let card = try await ModelCardMaker(tracking: stores.tracking).card(of: CardWiring.subject(record))
            switch request.uri.queryParameters["format"] {
            case "markdown": return .text(card.markdown)
            case "html": return .html(card.html)
            case nil, "json":
                return .json([
                    "name": .string(name), "version": .int(number), "card": card.json,
                    "markdown": .string(card.markdown), "html": .string(card.html),
                ])
            case let other?:
                throw MartletError(
                    .invalidArgument,
                    "'format' must be json, markdown or html, but is '\(other.prefix(40))'."
                )
            }
        }
    }
}
