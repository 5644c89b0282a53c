import Artifacts
package import Core
package import Registry
package import Tracking

/// Where experiments, runs and models come from: a server, a database or a folder, behind one contract.
///
/// What a source gives is complete and free of duplicates: every item once, every point of a history once. Nothing at
/// the source is changed.
package protocol ImportSource: Sendable {
    /// What people are told it is, such as `the MLflow server at http://…`.
    var title: String { get }

    /// What it is recognised by when an import goes on: the address, or the resolved path.
    var identity: String { get }

    /// Looks whether this is a source that can be read, before anything is written.
    ///
    /// - Throws: `unavailable`, `invalidArgument`, `failedPrecondition` or `dataLoss` with the remedy.
    func check() async throws -> SourceFacts

    /// All experiments, deleted ones too, in the order of their ids.
    func experiments() async throws -> [SourceItem<ImportedExperiment>]

    /// A page of an experiment's runs, deleted ones too, after the place where the previous page ended.
    func runs(of experiment: String, after token: String?) async throws -> SourcePage<SourceRun>

    /// The run with what the list of runs leaves out.
    func completed(_ run: SourceRun) async throws -> SourceRun

    /// Gives all points of all metrics of a run, a batch at a time.
    func points(of run: SourceRun, _ take: (_ batch: [Metric]) async throws -> Void) async throws

    /// An experiment's logged models.
    func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>]

    /// All registered models with their versions, prompts among them.
    ///
    /// The artifact URIs of the versions are those of the source.
    func registeredModels() async throws -> [SourceItem<ImportedModel>]

    /// Reads the files of runs and logged models.
    var files: SourceFiles { get }

    /// Lets go of what is open.
    func close() async
}

extension ImportSource {
    /// The run as it is: most sources give all of it at once.
    package func completed(_ run: SourceRun) async throws -> SourceRun { run }
    /// Nothing to close.
    package func close() async {}
}

/// What is known about a source before it is read.
package struct SourceFacts: Sendable, Equatable {
    /// The version of what wrote it, such as `MLflow 3.17.2` or `schema dc11669786a5`.
    package let version: String
    /// Traces, which are not imported; nil if the source does not tell.
    package let traces: Int?

    /// Makes facts.
    package init(version: String, traces: Int? = nil) {
        self.version = version
        self.traces = traces
    }
}

/// One thing of a source, or why it cannot be read.
package enum SourceItem<Value: Sendable>: Sendable {
    case found(Value)
    /// The thing's name, for people, and what is wrong with it.
    case broken(String, MartletError)

    /// What `read` returns, or why it could not; `name` is for people.
    static func reading(_ name: String, _ read: () throws -> Value) -> SourceItem<Value> {
        do {
            return .found(try read())
        } catch {
            return .broken(name, MartletError.wrapping(error))
        }
    }
}

/// A page of a list.
package struct SourcePage<Value: Sendable>: Sendable {
    /// What is on it.
    package let items: [SourceItem<Value>]
    /// Where it ended; nil if it is the last.
    package let next: String?

    /// Makes a page.
    package init(items: [SourceItem<Value>], next: String?) {
        self.items = items
        self.next = next
    }
}

/// A run as a source has it.
package struct SourceRun: Sendable {
    /// Everything but histories and files.
    package var run: ImportedRun
    /// The keys of its metrics, sorted.
    package var metricKeys: [String]
    /// Changes when the run changes: a run that is the same as last time is not read again.
    package var fingerprint: String
    /// Where its artifacts are.
    package var place: SourcePlace
    /// Where the source finds it, if not by its id.
    var folder = ""
}

/// A logged model as a source has it.
package struct SourceLoggedModel: Sendable {
    /// Everything but files.
    package var model: ImportedLoggedModel
    /// Where its files are.
    package var place: SourcePlace
}

/// Where files are at a source.
package enum SourcePlace: Sendable, Equatable {
    /// Nowhere: there are none.
    case nothing
    /// A folder of this host.
    case folder(String)
    /// A run of the server.
    case run(String)
    /// A logged model of the server.
    case loggedModel(String)
    /// A path below the artifacts that a server hands through.
    case proxied(String)
    /// An object store that clients reach themselves: they stay there.
    case elsewhere(String)
    /// They should be somewhere that cannot be read, and why.
    case unreachable(String)
}

/// A file at a source.
package struct SourceFile: Sendable, Equatable {
    /// Its path below the place, with slashes.
    package let path: String
    /// Bytes, if the source tells.
    package let size: Int64?
}
