package import Core
import Egress
import Foundation

/// Asks an MLflow server, patiently: what fails for the moment is tried again.
package struct RESTClient: Sendable {
    /// What is asked.
    package struct Question: Sendable {
        /// `GET` or `POST`.
        package let method: String
        /// The path with its query.
        package let path: String
        /// The JSON that goes with it.
        package let body: JSONValue?
    }

    /// What comes back: the status, and the bytes as they arrive.
    package struct Answer: Sendable {
        let status: Int
        let body: EgressBody

        init(_ answer: EgressAnswer) {
            status = answer.status
            body = answer.body
        }

        /// An answer of bytes in memory.
        package init(status: Int, bytes: [UInt8]) {
            self.init(EgressAnswer(status: status, bytes: bytes))
        }
    }

    /// The address, without a slash at the end.
    let address: String
    private let clock: Clock
    private let ask: @Sendable (Question) async throws -> Answer

    /// A client over any transport; tests answer by themselves.
    package init(address: String, clock: Clock, ask: @escaping @Sendable (Question) async throws -> Answer) {
        self.address = address
        self.clock = clock
        self.ask = ask
    }

    /// A client of the server at an address such as `http://127.0.0.1:5000`, and of nothing else.
    ///
    /// The operator names the address, so that it may lie in a private network; redirects do not leave it. The authorization is the value of the header with this name, if the server wants one.
    ///
    /// - Throws: `invalidArgument` when the address is none.
    package init(address: String, authorization: String? = nil, clock: Clock = .system) throws(MartletError) {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        guard let url = try? EgressURL(base), !base.contains("?"), !base.contains("#") else {
            throw MartletError(.invalidArgument, "'\(address)' is no server address; write it like http://host:5000.")
        }
        let egress = EgressClient(policy: .only(url))
        self.init(address: base, clock: clock) { question in
            var request = try EgressRequest(
                "The server at \(base)",
                method: question.method,
                url: base + question.path
            )
            if let authorization { request.headers.append(("Authorization", authorization)) }
            if let body = question.body {
                request.headers.append(("Content-Type", "application/json"))
                request.body = body.serialized()
            }
            request.keepsConnection = true
            request.redirects = .withinOrigin
            request.timeLimit = .seconds(ImportsLimits.requestSeconds)
            // Files are stored as they arrive; what is read into memory has a limit of its own.
            request.answerLimit = nil
            return Answer(try await egress.send(request))
        }
    }

    /// Asks until there is an answer that is final.
    ///
    /// - Throws: `unavailable` when there is none after `ImportsLimits.attempts`; the server's own error otherwise.
    func answer(_ question: Question) async throws -> Answer {
        var pause = ImportsLimits.retryPause
        var last = MartletError(.unavailable, "No server answers at \(address).")
        for attempt in 1...ImportsLimits.attempts {
            switch await outcome(of: question) {
            case .success(let answer):
                if (200..<300).contains(answer.status) { return answer }
                last = await failure(answer, question)
                guard Self.isPassing(answer.status) else { throw last }
            case .failure(let error as MartletError):
                guard Self.isPassing(error) else { throw error }
                last = MartletError(.unavailable, "No server answers at \(address): \(error.message)", cause: error)
            case .failure(let error): throw error
            }
            guard attempt < ImportsLimits.attempts else { break }
            try await clock.sleep(for: pause)
            pause = pause * 2
        }
        throw last
    }

    private func outcome(of question: Question) async -> Result<Answer, any Error> {
        do { return .success(try await ask(question)) } catch { return .failure(error) }
    }

    private static func isPassing(_ status: Int) -> Bool {
        status == 429 || status >= 500 && status != 501
    }

    /// Whether a request that went wrong may be tried again.
    static func isPassing(_ error: MartletError) -> Bool {
        error.code == .unavailable || error.code == .deadlineExceeded
    }

    private func failure(_ answer: Answer, _ question: Question) async -> MartletError {
        let bytes = try? await answer.body.collect(upTo: 1024 * 1024)
        let value = bytes.flatMap { try? JSONValue.parse($0, limits: .lenientNumbers) }
        let code = MartletError.Code.allCases.first { $0.httpStatus == answer.status } ?? .internal
        let path = question.path.prefix { $0 != "?" }
        if answer.status == 401 || answer.status == 403 {
            return MartletError(
                code,
                "The server at \(address) wants credentials (status \(answer.status)): set MLFLOW_TRACKING_USERNAME and "
                    + "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            )
        }
        let message = value?["message"]?.stringValue ?? value?["error"]?["message"]?.stringValue
        return MartletError(
            answer.status >= 500 ? .unavailable : code,
            message.map { "The server refused \(path): \($0)" }
                ?? "The server answered \(path) with status \(answer.status); is it an MLflow server?"
        )
    }

    /// Reads JSON.
    func get(_ path: String, _ query: [(String, String?)] = []) async throws -> JSONValue {
        try await json(Question(method: "GET", path: path + Self.encoded(query), body: nil))
    }

    /// Sends JSON and reads the JSON that comes back.
    func post(_ path: String, _ body: JSONObject) async throws -> JSONValue {
        try await json(Question(method: "POST", path: path, body: .object(body)))
    }

    private func json(_ question: Question) async throws -> JSONValue {
        let answer = try await answer(question)
        let path = question.path.prefix { $0 != "?" }
        let bytes: [UInt8]
        do {
            bytes = try await answer.body.collect(upTo: ImportsLimits.answerBytes)
        } catch let error as MartletError where error.code == .payloadTooLarge {
            throw MartletError(.payloadTooLarge, "The server's answer to \(path) is too large.")
        } catch {
            throw MartletError(.unavailable, "The server's answer to \(path) broke off.", cause: error)
        }
        let limits = JSONLimits(bytes: ImportsLimits.answerBytes, allowsNonFinite: true)
        guard let value = try? JSONValue.parse(bytes, limits: limits) else {
            throw MartletError(.invalidArgument, "The answer to \(path) is no JSON; is \(address) an MLflow server?")
        }
        return value
    }

    /// A query with everything escaped that is not plainly a name.
    static func encoded(_ query: [(String, String?)]) -> String {
        let pairs = query.compactMap { name, value in value.map { "\(name)=\(segment($0))" } }
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }

    /// A path segment with everything escaped that is not plainly a name.
    static func segment(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }

    private static let plain = CharacterSet(
        charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
    )
}
