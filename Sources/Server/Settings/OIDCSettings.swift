package import Access
import Core
import Foundation

/// The identity providers that people log in with and whose tokens machines show.
package struct OIDCSettings: Sendable, Equatable {
    /// The providers: those in `server.oidc`, and the one of flags or variables, which is called `oidc`.
    package var issuers: [OIDCIssuer] = []

    /// None.
    package init() {}

    /// The one provider that flags describe; what is nil or empty was not given.
    package struct Flags: Sendable {
        /// `--oidc-issuer`.
        package var issuer: String?
        /// `--oidc-client-id`.
        package var clientID: String?
        /// `--oidc-client-secret-file`.
        package var clientSecretFile: String?
        /// `--oidc-redirect-url`.
        package var redirectURL: String?
        /// `--oidc-scope`, once a scope.
        package var scopes: [String] = []
        /// `--oidc-groups-claim`.
        package var groupsClaim: String?
        /// `--oidc-audience`, once an audience.
        package var audiences: [String] = []
        /// `--oidc-algorithm`, once an algorithm.
        package var algorithms: [String] = []

        /// No flags.
        package init() {}
    }

    /// The keys in the section `server` of `martlet.yaml`.
    static let keys = ["oidc"]

    /// The keys of one provider there.
    private static let issuerKeys = [
        "name", "issuer", "label", "client_id", "client_secret_file", "client_secret_env", "redirect_url", "scopes",
        "groups_claim", "subject_claim", "name_claim", "audiences", "algorithms", "require", "claim_groups",
    ]

    /// Merges the sources.
    ///
    /// - Throws: `invalidArgument` naming the setting.
    static func resolve(
        flags: Flags,
        environment: [String: String],
        fields: JSONFields
    ) throws(MartletError) -> OIDCSettings {
        var settings = OIDCSettings()
        for (index, value) in (try fields.optionalArray("oidc") ?? []).enumerated() {
            settings.issuers.append(try issuer(JSONFields(value, path: "server.oidc[\(index)]"), environment))
        }
        if let single = try single(flags, environment) { settings.issuers.append(single) }
        for issuer in settings.issuers { try issuer.check() }
        return settings
    }

    private static func single(_ flags: Flags, _ environment: [String: String]) throws(MartletError) -> OIDCIssuer? {
        func variable(_ name: String) -> String? {
            environment["MARTLET_OIDC_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        func list(_ flag: [String], _ name: String) -> [String]? {
            flag.isEmpty ? variable(name)?.split(whereSeparator: { ", ".contains($0) }).map(String.init) : flag
        }
        guard let url = flags.issuer ?? variable("ISSUER") else {
            guard flags.clientID == nil, variable("CLIENT_ID") == nil else {
                throw MartletError(.invalidArgument, "--oidc-client-id needs --oidc-issuer.")
            }
            return nil
        }
        var issuer = OIDCIssuer(name: "oidc", url: url)
        issuer.label = variable("LABEL") ?? "single sign-on"
        issuer.clientID = flags.clientID ?? variable("CLIENT_ID")
        if let file = flags.clientSecretFile ?? variable("CLIENT_SECRET_FILE") {
            issuer.clientSecret = try secret(inFile: file, "--oidc-client-secret-file")
        } else {
            issuer.clientSecret = variable("CLIENT_SECRET")
        }
        issuer.redirectURL = flags.redirectURL ?? variable("REDIRECT_URL")
        if let scopes = list(flags.scopes, "SCOPES") { issuer.scopes = scopes }
        issuer.groupsClaim = flags.groupsClaim ?? variable("GROUPS_CLAIM") ?? issuer.groupsClaim
        issuer.audiences = list(flags.audiences, "AUDIENCES") ?? []
        if let names = list(flags.algorithms, "ALGORITHMS") { issuer.algorithms = try algorithms(names) }
        return issuer
    }

    private static func issuer(
        _ fields: JSONFields,
        _ environment: [String: String]
    ) throws(MartletError) -> OIDCIssuer {
        try fields.rejectUnknown(issuerKeys)
        var issuer = OIDCIssuer(name: try fields.string("name"), url: try fields.string("issuer"))
        issuer.label = try fields.optionalString("label") ?? issuer.name
        issuer.clientID = try fields.optionalString("client_id")
        if let file = try fields.optionalString("client_secret_file") {
            issuer.clientSecret = try secret(inFile: file, fields.path(of: "client_secret_file"))
        } else if let name = try fields.optionalString("client_secret_env") {
            guard let secret = environment[name], !secret.isEmpty else {
                throw fields.invalid("client_secret_env", "the name of an environment variable that is set")
            }
            issuer.clientSecret = secret
        }
        issuer.redirectURL = try fields.optionalString("redirect_url")
        let scopes = try fields.strings("scopes")
        if !scopes.isEmpty { issuer.scopes = scopes }
        issuer.groupsClaim = try fields.optionalString("groups_claim") ?? issuer.groupsClaim
        issuer.subjectClaim = try fields.optionalString("subject_claim") ?? issuer.subjectClaim
        if let name = try fields.optionalString("name_claim") { issuer.nameClaims = [name] }
        issuer.audiences = try fields.strings("audiences")
        let names = try fields.strings("algorithms")
        if !names.isEmpty { issuer.algorithms = try algorithms(names) }
        issuer.required = try conditions(fields, "require")
        for (index, value) in (try fields.optionalArray("claim_groups") ?? []).enumerated() {
            let rule = try JSONFields(value, path: "\(fields.path(of: "claim_groups"))[\(index)]")
            try rule.rejectUnknown(["when", "groups"])
            let conditions = try conditions(rule, "when")
            guard !conditions.isEmpty else { throw rule.invalid("when", "an object of claims and their values") }
            issuer.claimGroups.append(ClaimGroups(conditions: conditions, groups: try rule.strings("groups")))
        }
        return issuer
    }

    /// `{claim: value}` or `{claim: [values]}`.
    private static func conditions(_ fields: JSONFields, _ key: String) throws(MartletError) -> [ClaimCondition] {
        guard let object = try fields.optionalObject(key) else { return [] }
        let inner = JSONFields(object, path: fields.path(of: key))
        var conditions: [ClaimCondition] = []
        for (claim, value) in object.pairs {
            let values: [String]
            if let text = value.stringValue {
                values = [text]
            } else if value.arrayValue != nil {
                values = try inner.strings(claim)
            } else {
                throw inner.invalid(claim, "a text or a list of texts")
            }
            guard !values.isEmpty, !values.contains("") else { throw inner.invalid(claim, "a text or a list of texts") }
            conditions.append(ClaimCondition(claim: claim, values: values))
        }
        return conditions
    }

    private static func algorithms(_ names: [String]) throws(MartletError) -> [SigningAlgorithm] {
        var found: [SigningAlgorithm] = []
        for name in names {
            guard let algorithm = SigningAlgorithm(rawValue: name) else {
                let known = SigningAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "Tokens may be signed with \(known), not '\(name.prefix(40))'."
                )
            }
            found.append(algorithm)
        }
        return found
    }

    /// The first line of a file.
    private static func secret(inFile path: String, _ setting: String) throws(MartletError) -> String {
        let bytes = FileManager.default.contents(atPath: path)
        let text = bytes.flatMap { String(validating: $0, as: UTF8.self) }
        guard let line = text?.split(whereSeparator: \.isNewline).first else {
            throw MartletError(.invalidArgument, "The file that \(setting) names cannot be read or is empty.")
        }
        return String(line)
    }
}
