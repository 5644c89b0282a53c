/// The named maxima of accounts, tokens, passwords and log-ins.
package enum IdentityLimits {
    /// Largest body of a request about accounts and rights, in bytes.
    package static let bodyBytes = 256 * 1024
    /// Most accounts.
    package static let accounts = 10_000
    /// Most tokens of one account that have not been revoked.
    package static let tokensPerAccount = 200
    /// Most workspaces, deleted ones included.
    package static let workspaces = 200
    /// Most rights to single things in one workspace.
    package static let grantsPerWorkspace = 10_000
    /// Most rules that turn groups into roles.
    package static let groupRules = 500
    /// Most groups of one person that are looked at.
    package static let groupsPerSubject = 500
    /// Longest name of an account, in characters.
    package static let accountNameLength = 128
    /// Longest name of a workspace, in characters; PostgreSQL's schemas have room for no more.
    package static let workspaceNameLength = 50
    /// Shortest name of a workspace, in characters.
    package static let workspaceNameMinimum = 2
    /// Longest description, name of a token, group, issuer and the like, in characters.
    package static let textLength = 1000
    /// Largest rate of a token or workspace, in requests a second.
    package static let ratePerSecond = 1_000_000.0
    /// Shortest password, in characters.
    package static let passwordMinimum = 12
    /// Longest password, in characters.
    package static let passwordMaximum = 256
    /// Longest password, in bytes.
    package static let passwordBytes = 1024
    /// Most passwords that are checked at the same time; each takes 32 MiB and a processor.
    package static let passwordChecks = 2
    /// Most passwords that wait to be checked; one more is refused.
    package static let waitingPasswordChecks = 64
    /// How long a password that was right is known without being checked again, in seconds.
    package static let passwordCacheSeconds: Int64 = 60
    /// Most passwords that are known so.
    package static let passwordCacheEntries = 10_000
    /// Log-ins that may fail before the next must wait.
    package static let freeFailures = 5
    /// Longest wait after failures from one address for one name, in seconds.
    package static let pairWaitSeconds: Int64 = 900
    /// Longest wait after failures from one address, in seconds; others may sit behind the same address.
    package static let addressWaitSeconds: Int64 = 120
    /// Log-ins that may fail from one address, over all names, before the next must wait.
    package static let addressFreeFailures = 20
    /// Longest wait after failures for one name from anywhere, in seconds: a stranger must not lock its owner out.
    package static let nameWaitSeconds: Int64 = 15
    /// Log-ins that may fail for one name, from anywhere, before the next must wait.
    package static let nameFreeFailures = 20
    /// After how long without a failure earlier ones are forgotten, in seconds.
    package static let failureMemorySeconds: Int64 = 3600
    /// Most names and addresses whose failures are remembered.
    package static let rememberedFailures = 50_000
    /// Most pairs of name and address that are remembered for a log-in that went well.
    package static let rememberedSuccesses = 50_000
    /// How often the database is asked whether another server changed something, in seconds.
    package static let pollSeconds: Int64 = 1
    /// How often the times of last use are written, in seconds.
    package static let useWriteSeconds: Int64 = 60
    /// Most times of last use that are written in one transaction.
    package static let usesPerWrite = 500
    /// How often what has ended is removed, in seconds.
    package static let purgeSeconds: Int64 = 3600
    /// How long a token is still listed after it expired, in days.
    package static let expiredTokenDays: Int64 = 30
    /// How long the token of the first start works, in hours.
    package static let bootstrapHours: Int64 = 24
    /// Longest life that can be asked of a token, in days.
    package static let tokenDays: Int64 = 3660
}
