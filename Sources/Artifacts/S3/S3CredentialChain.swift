import AsyncHTTPClient
import Core
import Foundation
import NIOCore
import NIOHTTP1

/// Finds credentials where Amazon's own tools look for them.
///
/// In this order: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (with `AWS_SESSION_TOKEN`); a web identity token
/// (`AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`); the profile `AWS_PROFILE` of the credentials file; the service of
/// the container (`AWS_CONTAINER_CREDENTIALS_…_URI`); the service of the machine (IMDSv2).
package struct S3CredentialChain: Sendable {
    private let environment: [String: String]
    private let home: String

    /// A chain over an environment; `home` is the directory that holds `.aws`.
    package init(environment: [String: String], home: String) {
        self.environment = environment
        self.home = home
    }

    /// The chain as a source of credentials.
    package var source: S3CredentialSource {
        S3CredentialSource { clock in try await fetch(clock) }
    }

    /// The region that the profile in use names, or nil.
    package var profileRegion: String? {
        profile("AWS_CONFIG_FILE", "config")["region"]
    }

    private func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func fetch(_ clock: Clock) async throws -> S3Credentials {
        if let key = variable("AWS_ACCESS_KEY_ID") {
            guard let secret = variable("AWS_SECRET_ACCESS_KEY") else {
                throw MartletError(.failedPrecondition, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not.")
            }
            return S3Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: variable("AWS_SESSION_TOKEN"))
        }
        if let credentials = try await webIdentity(clock) { return credentials }
        if let credentials = try fromFiles() { return credentials }
        if let credentials = try await container() { return credentials }
        if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() != "true", let credentials = await machine() {
            return credentials
        }
        throw MartletError(
            .failedPrecondition,
            "There are no credentials for the object store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                + "AWS_PROFILE for a profile of the credentials file."
        )
    }

    // MARK: - Files

    private func fromFiles() throws(MartletError) -> S3Credentials? {
        var values = profile("AWS_CONFIG_FILE", "config")
        values.merge(profile("AWS_SHARED_CREDENTIALS_FILE", "credentials")) { _, shared in shared }
        guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
            guard let name = variable("AWS_PROFILE") else { return nil }
            let shown = String(name.prefix(60).filter { $0.isASCII && !$0.isNewline })
            throw MartletError(
                .failedPrecondition,
                "The profile '\(shown)' of AWS_PROFILE has no aws_access_key_id and aws_secret_access_key."
            )
        }
        return S3Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: values["aws_session_token"])
    }

    /// The values of the profile in use in one of the two files.
    private func profile(_ override: String, _ name: String) -> [String: String] {
        guard let text = Self.read(variable(override) ?? "\(home)/.aws/\(name)") else { return [:] }
        return Self.section(variable("AWS_PROFILE") ?? "default", of: text)
    }

    /// The values of a section of an INI file; the config file writes `[profile NAME]`.
    static func section(_ name: String, of text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isIn = false
        for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmingCharacters(in: .whitespaces) }) {
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                let title = line[line.index(after: line.startIndex)..<end].trimmingCharacters(in: .whitespaces)
                isIn = title == name || title == "profile \(name)"
                continue
            }
            guard isIn, let equals = line.firstIndex(of: "=") else { continue }
            let key = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
            values[key] = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        }
        return values
    }

    private static func read(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        return (try? file.read(upToCount: S3Limits.credentialsBytes)).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Services

    private func webIdentity(_ clock: Clock) async throws -> S3Credentials? {
        guard let tokenFile = variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = variable("AWS_ROLE_ARN") else {
            return nil
        }
        guard let token = Self.read(tokenFile)?.trimmingCharacters(in: .whitespacesAndNewlines), !token.isEmpty else {
            throw MartletError(.failedPrecondition, "The file of AWS_WEB_IDENTITY_TOKEN_FILE cannot be read.")
        }
        let region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION")
        let host = region.map { "https://sts.\($0).amazonaws.com" } ?? "https://sts.amazonaws.com"
        let query = SignatureV4.encoded([
            (name: "Action", value: "AssumeRoleWithWebIdentity"), (name: "Version", value: "2011-06-15"),
            (name: "RoleArn", value: role), (name: "WebIdentityToken", value: token),
            (name: "RoleSessionName", value: variable("AWS_ROLE_SESSION_NAME") ?? "martlet"),
        ])
        var request = HTTPClientRequest(url: variable("AWS_ENDPOINT_URL_STS") ?? host)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        request.body = .bytes(ByteBuffer(string: query))
        let answer = try S3Answer.parse(try await Self.ask(request, "the security token service"))
        guard let given = answer.child("AssumeRoleWithWebIdentityResult")?.child("Credentials"),
            let key = given.text("AccessKeyId"), let secret = given.text("SecretAccessKey")
        else {
            throw MartletError(.failedPrecondition, "The security token service gave no credentials for AWS_ROLE_ARN.")
        }
        return S3Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: given.text("SessionToken"),
            expires: given.text("Expiration").flatMap(S3Time.parse)
        )
    }

    private func container() async throws -> S3Credentials? {
        let relative = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").map { "http://169.254.170.2\($0)" }
        guard let address = relative ?? variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
        var request = HTTPClientRequest(url: address)
        let file = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").flatMap(Self.read)
        if let token = file ?? variable("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
            request.headers.add(name: "authorization", value: token.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return try Self.credentials(try await Self.ask(request, "the container's credentials service"))
    }

    private func machine() async -> S3Credentials? {
        let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        let path = "\(base)/latest/meta-data/iam/security-credentials/"
        do {
            var request = HTTPClientRequest(url: "\(base)/latest/api/token")
            request.method = .PUT
            request.headers.add(name: "x-aws-ec2-metadata-token-ttl-seconds", value: "21600")
            let token = String(decoding: try await Self.ask(request, "the machine"), as: UTF8.self)
            var list = HTTPClientRequest(url: path)
            list.headers.add(name: "x-aws-ec2-metadata-token", value: token)
            let roles = String(decoding: try await Self.ask(list, "the machine"), as: UTF8.self)
            guard let role = roles.split(whereSeparator: \.isNewline).first else { return nil }
            list.url = path + role
            return try Self.credentials(try await Self.ask(list, "the machine"))
        } catch {
            // Elsewhere than on such a machine nobody answers at that address.
            return nil
        }
    }

    /// Reads what the services of containers and machines answer.
    private static func credentials(_ bytes: [UInt8]) throws(MartletError) -> S3Credentials {
        let answer = try JSONValue.parse(bytes)
        guard let key = answer["AccessKeyId"]?.stringValue, let secret = answer["SecretAccessKey"]?.stringValue else {
            throw MartletError(.failedPrecondition, "The credentials service answered without credentials.")
        }
        return S3Credentials(
            accessKeyID: key,
            secretAccessKey: secret,
            sessionToken: answer["Token"]?.stringValue,
            expires: answer["Expiration"]?.stringValue.flatMap(S3Time.parse)
        )
    }

    private static func ask(_ request: HTTPClientRequest, _ whom: String) async throws -> [UInt8] {
        let client = S3Client.makeHTTPClient()
        defer { client.shutdown { _ in } }
        do {
            let response = try await client.execute(request, timeout: .seconds(S3Limits.credentialsSeconds))
            let body = try await response.body.collect(upTo: S3Limits.credentialsBytes)
            guard response.status == .ok else {
                throw MartletError(.failedPrecondition, "\(whom) answered \(response.status.code), not credentials.")
            }
            return Array(body.readableBytesView)
        } catch let error as MartletError {
            throw error
        } catch {
            throw MartletError(
                .unavailable,
                "There is no answer from \(whom) to the question for credentials.",
                cause: error
            )
        }
    }
}
