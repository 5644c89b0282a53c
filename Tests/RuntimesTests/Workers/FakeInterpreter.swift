import Foundation
import Testing

/// A `python3` without MLflow: it runs the real worker script, but with a model of its own that does what calls tell it.
///
/// A call brings JSON such as `["sleep", 0.1]`; tensors come back as they are.
struct FakeInterpreter {
    /// The directory of the model and the program; the caller removes it.
    let directory: String
    /// What is named as the interpreter.
    let path: String

    init(loading: String = "pass") throws {
        directory = NSTemporaryDirectory() + "martlet-fake-" + UUID().uuidString
        path = directory + "/python"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try write(Self.model.replacing("LOADING", with: loading), to: directory + "/fake.py", mode: 0o600)
        // The last word is the script of the real worker.
        let program = """
            #!/bin/sh
            for script; do :; done
            exec python3 -I -B -u '\(directory)/fake.py' "$script"
            """
        try write(program, to: path, mode: 0o700)
    }

    /// A model in Python; `LOADING` stands for what it does when it is loaded.
    private static let model = """
        import json, os, signal, sys, time
        sys.path.insert(0, os.path.dirname(sys.argv[1]))
        import martlet_worker

        class Model:
            def __init__(self, path):
                LOADING

            def call(self, header, body):
                if header["layout"] != "json":
                    return dict(header), [bytes(body)]
                what, value = json.loads(body)
                answer = getattr(self, what)(value)
                return {"layout": "json", "tensors": [], "nanoseconds": 5}, [json.dumps(answer).encode()]

            def echo(self, value):
                return value

            def params(self, value):
                return None

            def environment(self, value):
                return dict(os.environ)

            def facts(self, value):
                import resource
                status = open("/proc/self/status").read() if os.path.exists("/proc/self/status") else ""
                return {"process": os.getpid(), "group": os.getpgid(0), "session": os.getsid(0),
                        "descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd")),
                        "memory": resource.getrlimit(resource.RLIMIT_AS)[0], "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
                        "directory": os.getcwd(), "privileges": "NoNewPrivs:\\t1" in status}

            def sleep(self, value):
                time.sleep(value)
                return value

            def leave(self, value):
                print("about to leave", flush=True)
                os._exit(value)

            def signal(self, value):
                os.kill(os.getpid(), value)
                time.sleep(60)

            def fault(self, value):
                raise {"ValueError": ValueError, "RuntimeError": RuntimeError, "MemoryError": MemoryError}[value](
                    "see '/srv/models/secret.pkl'")

            def garbage(self, value):
                os.write(3, b"x" * 64)
                time.sleep(60)

            def write(self, value):
                print(value)
                return None

            def child(self, value):
                pid = os.fork()
                if pid == 0:
                    time.sleep(60)
                    os._exit(0)
                return pid

        martlet_worker.Model = Model
        martlet_worker.main()
        """

    private func write(_ text: String, to path: String, mode: Int) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }
}
