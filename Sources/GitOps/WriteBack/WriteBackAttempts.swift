package import Core

/// Whether a commit is made anew: decided by what came of giving it to the repository.
package struct WriteBackAttempts: Sendable, Equatable {
    /// What came of it.
    package enum Event: Sendable, Equatable {
        /// The branch has the commit.
        case taken
        /// The branch has moved since it was read.
        case moved
        /// The repository does not want it, for this reason.
        case refused(String)
    }

    /// What is to be done.
    package enum Action: Sendable, Equatable {
        /// Nothing more.
        case succeed
        /// Read the branch again after a pause, and make the commit anew on what is there.
        case again(after: Duration)
        /// Give up.
        case fail(MartletError.Code, String)
    }

    /// How often it was tried.
    package private(set) var made = 0

    /// Nothing was tried yet.
    package init() {}

    /// Decides.
    ///
    /// - Parameters:
    ///   - event: what came of the try.
    ///   - jitter: from 0 to 1, so that several writers do not meet again.
    /// - Returns: what is to be done.
    package mutating func handle(_ event: Event, jitter: Double) -> Action {
        made += 1
        switch event {
        case .taken: return .succeed
        case .refused(let reason): return .fail(.failedPrecondition, "The repository refuses the commit: \(reason)")
        case .moved:
            guard made < GitOpsLimits.attempts else {
                return .fail(
                    .unavailable,
                    "The branch moved \(GitOpsLimits.attempts) times while the commit was made; it is tried again later."
                )
            }
            let pause = min(1 << (made - 1), GitOpsLimits.pauseSeconds)
            return .again(after: .milliseconds(Int64(Double(pause) * 500 * (1 + min(max(jitter, 0), 1)))))
        }
    }
}

/// What is to be done about a file: decided by what it holds and what was found.
package enum EditPlan: Sendable, Equatable {
    /// The order was carried out before, by this commit.
    case known(commit: String)
    /// The file says it already.
    case nothing
    /// The file is to hold these bytes.
    case write([UInt8])

    /// Decides.
    ///
    /// - Parameters:
    ///   - spec: which value.
    ///   - order: what it becomes.
    ///   - known: the commit that has the order's key, if the branch has one.
    ///   - bytes: the file as the branch has it.
    ///   - before: what the value was when the branch was first read; nil at the first time.
    /// - Returns: the plan, and the value as it is.
    /// - Throws: what `YAMLEdit.replace` throws; `failedPrecondition` when somebody else changed the value meanwhile.
    package static func decide(
        _ spec: GitSpec,
        _ order: GitOrder,
        known: String?,
        bytes: [UInt8],
        before: String?
    ) throws(MartletError) -> (plan: EditPlan, old: String?) {
        if let known { return (.known(commit: known), nil) }
        let change = try YAMLEdit.replace(
            spec.path,
            with: MessageTemplate.line(spec.value.filled(order)),
            document: spec.document,
            in: bytes
        )
        guard change.isChanged else { return (.nothing, change.old) }
        if let before, before != change.old {
            throw MartletError(
                .failedPrecondition,
                "Somebody changed the value at '\(spec.path)' from '\(before)' to '\(change.old)' meanwhile; it was left as it is."
            )
        }
        return (.write(change.bytes), change.old)
    }
}
