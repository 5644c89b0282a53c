import Core
import NIOCore
import NIOHTTP1

/// An answer of the store that says no.
struct S3Failure: Error, CustomStringConvertible {
    /// The HTTP status.
    let status: Int
    /// S3's name for it, such as `NoSuchBucket`; empty if the answer had no body.
    let code: String
    /// S3's sentence, for the log.
    let message: String
    /// The bucket's region, when the store says that another was used.
    let region: String?
    /// How long the store asks to wait.
    let retryAfter: Duration?

    var description: String { "S3 \(status) \(code): \(message)" }

    /// Reads the answer to a request that failed.
    init(status: Int, headers: HTTPHeaders, body: [UInt8]) {
        self.status = status
        let answer = try? S3Answer.parse(body)
        let error = answer?.name == "Error" ? answer : answer?.child("Error")
        code = error?.text("Code") ?? ""
        message = String((error?.text("Message") ?? "").prefix(300))
        region = headers.first(name: "x-amz-bucket-region") ?? error?.text("Region")
        retryAfter = headers.first(name: "retry-after").flatMap { Int64($0) }
            .map { .seconds(Swift.min(Swift.max($0, 0), S3Limits.retryAfterSeconds)) }
    }

    /// An error that came with status 200, as the answer to `CompleteMultipartUpload` may.
    init(answer: S3Answer) {
        status = 200
        code = answer.text("Code") ?? ""
        message = String((answer.text("Message") ?? "").prefix(300))
        region = nil
        retryAfter = nil
    }

    /// Whether the same request may succeed in a moment.
    var isTransient: Bool {
        switch code {
        case "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "Throttling",
            "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "ConditionalRequestConflict":
            true
        case "XMinioStorageFull", "QuotaExceeded", "XAmzStorageFull": false
        default: status == 429 || status == 408 || (status >= 500 && status != 501 && status != 507)
        }
    }

    /// Whether other credentials are needed.
    var isExpired: Bool { code == "ExpiredToken" || code == "TokenRefreshRequired" || code == "ExpiredTokenException" }

    /// Says what failed and what helps, for the artifact or the bucket.
    func explained(_ path: ArtifactPath?, _ settings: S3Settings) -> MartletError {
        let bucket = settings.bucket
        switch code {
        case "NoSuchKey": return missing(path)
        case "NoSuchBucket":
            return refusal("The bucket '\(bucket)' does not exist: create it, or correct --artifacts.")
        case "AccessDenied", "AllAccessDisabled", "AccountProblem":
            return refusal(
                "The object store refuses access to bucket '\(bucket)': allow these credentials s3:ListBucket on the "
                    + "bucket and s3:GetObject, s3:PutObject, s3:DeleteObject on its objects."
            )
        case "InvalidAccessKeyId":
            return refusal("The object store does not know the access key: correct AWS_ACCESS_KEY_ID.")
        case "SignatureDoesNotMatch":
            return refusal("The object store refuses the signature: AWS_SECRET_ACCESS_KEY does not fit the access key.")
        case "ExpiredToken", "TokenRefreshRequired", "InvalidToken":
            return refusal("The session token has expired or is not valid: renew AWS_SESSION_TOKEN and its keys.")
        case "RequestTimeTooSkewed", "RequestExpired":
            return refusal("The clock of this host differs too much from the object store's: set it (NTP).")
        case "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException":
            let actual = region.map { " lies in region '\($0)'" } ?? " lies in another region"
            return refusal("The bucket '\(bucket)'\(actual), not '\(settings.region)': set AWS_REGION.")
        case "XMinioStorageFull", "QuotaExceeded":
            return MartletError(.storageFull, "The object store has no room: make some and try again.", cause: self)
        case "EntityTooLarge":
            return MartletError(.payloadTooLarge, "The object store refuses an object of this size.", cause: self)
        case "KeyTooLongError":
            return MartletError(
                .invalidArgument,
                "Invalid path: the object store accepts shorter ones only.",
                cause: self
            )
        default: return byStatus(path, settings)
        }
    }

    private func byStatus(_ path: ArtifactPath?, _ settings: S3Settings) -> MartletError {
        switch status {
        case 404 where path != nil: return missing(path)
        case 404:
            return refusal("The bucket '\(settings.bucket)' does not exist: create it, or correct --artifacts.")
        case 301, 307:
            let actual = region.map { "region '\($0)'" } ?? "another region"
            return refusal(
                "The bucket '\(settings.bucket)' lies in \(actual), not '\(settings.region)': set AWS_REGION."
            )
        case 401, 403:
            return refusal("The object store refuses access to bucket '\(settings.bucket)': check the credentials.")
        case 507:
            return MartletError(.storageFull, "The object store has no room: make some and try again.", cause: self)
        case _ where isTransient:
            return MartletError(
                .unavailable,
                "The object store is overloaded or out of order (\(code.isEmpty ? String(status) : code)): try again later.",
                cause: self
            )
        default:
            return MartletError(
                .internal,
                "The object store answered \(status)\(code.isEmpty ? "" : " \(code)"); the server's log has more.",
                cause: self
            )
        }
    }

    private func missing(_ path: ArtifactPath?) -> MartletError {
        MartletError(.notFound, "No such artifact: '\(path?.description ?? "")'", cause: self)
    }

    /// The store is set up wrongly: trying again does not help.
    private func refusal(_ message: String) -> MartletError {
        MartletError(.failedPrecondition, message, cause: self)
    }
}
