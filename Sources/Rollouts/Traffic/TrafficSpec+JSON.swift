package import Core

extension TrafficSpec {
    /// Reads the `traffic` object of a deployment.
    ///
    /// - Throws: `invalidArgument` naming the field; weights that do not sum to 100 are named with their sum.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["weights", "routes", "sticky", "shadow"])
        self.init()
        weights = try Self.shares("weights", fields)
        if weights.contains(where: { $0.target == .candidate }) {
            throw fields.invalid("weights", "cannot name 'candidate': a rollout decides its share")
        }
        let sum = weights.reduce(0) { $0 + $1.percent }
        guard weights.isEmpty || sum == 100 else {
            throw fields.invalid("weights", "must sum to 100 percent, but sum to \(sum)")
        }
        shadows = try Self.shares("shadow", fields)
        for (position, route) in (try fields.optionalArray("routes") ?? []).enumerated() {
            guard position < RolloutsLimits.routes else {
                throw fields.invalid("routes", "must have at most \(RolloutsLimits.routes) entries")
            }
            let path = "\(fields.path(of: "routes"))[\(position)]"
            routes.append(try TrafficRoute(fields: JSONFields(route, path: path)))
        }
        if let value = fields.value("sticky") { sticky = try StickyKey(value, fields) }
    }

    private static func shares(_ key: String, _ fields: JSONFields) throws(MartletError)
        -> [TrafficShare<TrafficTarget>]
    {
        var shares: [TrafficShare<TrafficTarget>] = []
        for (position, element) in (try fields.optionalArray(key) ?? []).enumerated() {
            guard position < RolloutsLimits.arms else {
                throw fields.invalid(key, "must have at most \(RolloutsLimits.arms) entries")
            }
            let entry = try JSONFields(element, path: "\(fields.path(of: key))[\(position)]")
            try entry.rejectUnknown(["to", "percent"])
            let target = try TrafficTarget(entry, "to")
            guard !shares.contains(where: { $0.target == target }) else {
                throw entry.invalid("to", "is named twice")
            }
            shares.append(TrafficShare(target, Int(try entry.int("percent", in: 0...100))))
        }
        return shares
    }

    /// The object as it stands in a manifest; empty when nothing was stated.
    package var json: JSONObject {
        var object: JSONObject = [:]
        func list(_ shares: [TrafficShare<TrafficTarget>]) -> JSONValue {
            .array(shares.map { ["to": $0.target.json, "percent": .int($0.percent)] })
        }
        if !weights.isEmpty { object["weights"] = list(weights) }
        if !routes.isEmpty { object["routes"] = .array(routes.map(\.json)) }
        if sticky != .requestID { object["sticky"] = sticky.json }
        if !shadows.isEmpty { object["shadow"] = list(shadows) }
        return object
    }
}

extension TrafficTarget {
    init(_ fields: JSONFields, _ key: String) throws(MartletError) {
        let wanted = "must be 'stable', 'candidate', a version's number, or an alias such as \"@champion\""
        switch fields.value(key) {
        case .integer(let number)?:
            guard number > 0, let version = Int(exactly: number) else { throw fields.invalid(key, wanted) }
            self = .version(version)
        case .string("stable")?: self = .stable
        case .string("candidate")?: self = .candidate
        case .string(let text)?:
            guard text.hasPrefix("@"), text.utf8.count > 1 else { throw fields.invalid(key, wanted) }
            self = .alias(String(text.dropFirst()))
        default: throw fields.invalid(key, wanted)
        }
    }

    /// The target as written in a manifest.
    package var json: JSONValue {
        switch self {
        case .alias(let name): .string("@\(name)")
        case .version(let number): .int(number)
        case .stable: "stable"
        case .candidate: "candidate"
        }
    }
}

extension TrafficRoute {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["header", "equals", "prefix", "present", "to"])
        let name = try fields.string("header")
        guard Self.isHeaderName(name) else { throw fields.invalid("header", "must be the name of an HTTP header") }
        let match: Match
        switch (
            try fields.optionalString("equals"), try fields.optionalString("prefix"), try fields.optionalBool("present")
        ) {
        case (let text?, nil, nil): match = .equals(text)
        case (nil, let text?, nil) where !text.isEmpty: match = .prefix(text)
        case (nil, nil, true?): match = .present
        default:
            throw fields.invalid("header", "needs exactly one of 'equals', 'prefix' (not empty) or 'present: true'")
        }
        self.init(header: name.lowercased(), match: match, target: try TrafficTarget(fields, "to"))
    }

    /// Whether a text is a token as RFC 9110 allows for header names.
    static func isHeaderName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    var json: JSONValue {
        var object: JSONObject = ["header": .string(header)]
        switch match {
        case .equals(let text): object["equals"] = .string(text)
        case .prefix(let text): object["prefix"] = .string(text)
        case .present: object["present"] = true
        }
        object["to"] = target.json
        return .object(object)
    }
}

extension StickyKey {
    init(_ value: JSONValue, _ parent: JSONFields) throws(MartletError) {
        let wanted = "must be 'request_id', {header: name} or {input: column}"
        switch value {
        case .string("request_id"): self = .requestID
        case .object(let object):
            let fields = JSONFields(object, path: parent.path(of: "sticky"))
            try fields.rejectUnknown(["header", "input"])
            switch (try fields.optionalString("header"), try fields.optionalString("input")) {
            case (let name?, nil) where TrafficRoute.isHeaderName(name): self = .header(name.lowercased())
            case (nil, let column?) where !column.isEmpty: self = .input(column)
            default: throw parent.invalid("sticky", wanted)
            }
        default: throw parent.invalid("sticky", wanted)
        }
    }

    var json: JSONValue {
        switch self {
        case .requestID: "request_id"
        case .header(let name): ["header": .string(name)]
        case .input(let column): ["input": .string(column)]
        }
    }
}
