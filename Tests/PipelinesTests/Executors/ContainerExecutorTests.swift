import Core
import Foundation
import Pipelines
import Synchronization
import Testing

/// Containers through a command line that runs the words behind the image right here: what it is told is what counts.
struct ContainerExecutorTests {
    /// Understands the flags of `run`, notes them, and runs the command in the directory that is mounted at `/martlet`.
    private static let standIn = """
        #!/bin/sh
        here=$(dirname "$0")
        echo "$*" >> "$here/calls"
        [ "$1" = run ] || exit 0
        shift
        entry=
        while [ $# -gt 0 ]; do
          case "$1" in
            --volume) case "$2" in *:/martlet) cd "${2%:/martlet}";; esac; shift 2;;
            --entrypoint) entry=$2; shift 2;;
            --env) case "$2" in *=*) export "$2";; esac; shift 2;;
            --name|--workdir|--security-opt|--network|--user|--memory|--cpus|--pids-limit|--ulimit) shift 2;;
            --*) shift;;
            *) break;;
          esac
        done
        shift
        export MARTLET_OUTPUTS="$PWD/outputs.json"
        exec $entry "$@"
        """

    private struct Place {
        let root: TemporaryDirectory
        var bin: String { root.path + "/bin" }

        init(_ program: String?) throws {
            root = try TemporaryDirectory()
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            guard let program else { return }
            let path = "\(bin)/\(program)"
            try ContainerExecutorTests.standIn.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            try Self.settle(path)
        }

        /// Waits until the file can be run: a process that another test starts may hold it open for a moment.
        private static func settle(_ path: String) throws {
            for _ in 0..<1000 {
                let start = ProcessStart(
                    program: path,
                    words: ["docker", "settle"],
                    environment: ["PATH=/usr/bin:/bin"],
                    directory: "/",
                    sandbox: Sandbox()
                )
                if let process = try? start.begin(output: 1) {
                    var status: Int32 = 0
                    while waitpid(process, &status, 0) < 0, errno == EINTR {}
                    return
                }
                usleep(5000)
            }
            throw MartletError(.unavailable, "The stand-in cannot be run.")
        }

        func job(_ spec: ContainerSpec, secrets: [String: String] = [:]) throws -> StepJob {
            var resources = TaskResources()
            resources.limits.memoryBytes = 1 << 30
            resources.limits.processors = 0.5
            let directory = root.path + "/tasks/run/a b/1"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            return StepJob(
                runID: "run",
                pipeline: "p",
                task: "a.b",
                attempt: 1,
                action: .container(spec),
                environment: ["RATE": "0.5"],
                resources: resources,
                directory: directory,
                pipelineDirectory: root.path,
                marker: Identifier.random()
            )
        }

        func run(_ job: StepJob, isolated: Bool = false) async throws -> (outputs: JSONObject, lines: [String]) {
            let lines = Lines()
            let path = isolated ? bin : "\(bin):/usr/bin:/bin"
            let executor = ContainerExecutor(
                trackingURI: "http://127.0.0.1:5000",
                searchPath: path,
                environment: ["HOME": root.path]
            )
            let outputs = try await executor.execute(job, log: { line, _ in lines.append(line) }, progress: { _, _ in })
            return (outputs, lines.all)
        }

        var calls: [String] {
            let text = (try? String(contentsOfFile: "\(bin)/calls", encoding: .utf8)) ?? ""
            return text.split(separator: "\n").map(String.init).filter { $0 != "settle" }
        }
    }

    @Test(arguments: ["docker", "podman"]) func aCommandRunsInTheImageWithItsLimits(program: String) async throws {
        let place = try Place(program)
        let script = #"echo "rate $RATE"; echo '{"a": 1}' > "$MARTLET_OUTPUTS""#
        let job = try place.job(ContainerSpec(image: "img:1", command: ["/bin/sh", "-c"], arguments: [script]))
        let (outputs, lines) = try await place.run(job)
        #expect(outputs == ["a": 1])
        #expect(lines == ["rate 0.5"])
        #expect(place.calls.first == "rm --force martlet-run-a.b")
        let call = try #require(place.calls.last)
        for words in [
            "run --rm --name martlet-run-a.b", "--memory 1073741824", "--cpus 0.5", "--pids-limit 4096",
            "--env MARTLET_OUTPUTS=/martlet/outputs.json", "--entrypoint /bin/sh img:1 -c",
            "--security-opt no-new-privileges", "--network host",
        ] {
            #expect(call.contains(words), "\(words)")
        }
        #expect(job.meter.reading?.isolation == "container (\(program)): memory, cpus, processes; watch: disk")
    }

    @Test func aFailureRemovesTheContainer() async throws {
        let place = try Place("docker")
        let job = try place.job(ContainerSpec(image: "img", command: ["/bin/sh"], arguments: ["-c", "exit 3"]))
        #expect(
            await failure(.failedPrecondition, "status 3") { _ = try await place.run(job) } == nil
        )
        #expect(place.calls.map { $0.hasPrefix("rm ") } == [true, false, true])
    }

    @Test func withoutACommandLineTheRemedyIsNamed() async throws {
        let place = try Place(nil)
        let job = try place.job(ContainerSpec(image: "img"))
        #expect(
            await failure(.failedPrecondition, "neither docker nor podman is on the server's PATH; install one") {
                _ = try await place.run(job, isolated: true)
            } == nil
        )
    }
}
