import Core
import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Runs a target under libFuzzer, which is guided by the code that inputs reach.
///
/// The toolchain's libFuzzer is part of the program when it is built as `make fuzz-coverage` builds it; it is looked up
/// by name, so that the same sources build without it.
enum CoverageRun {
    private typealias Callback = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    private typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private typealias Driver =
        @convention(c) (
            UnsafeMutablePointer<CInt>, UnsafeMutablePointer<Arguments>, Callback
        ) -> CInt

    private static let trial = Mutex<Trial?>(nil)

    /// Runs the target that the words name; further words are libFuzzer's.
    ///
    /// - Throws: `unimplemented` when the program was built without libFuzzer.
    static func run(_ arguments: Fuzzing.Arguments) async throws {
        let target = try arguments.target()
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "LLVMFuzzerRunDriver") else {
            throw MartletError(.unimplemented, "This program was built without libFuzzer; use `make fuzz-coverage`.")
        }
        let prepared = try await Trial(target)
        trial.withLock { $0 = prepared }
        let driver = unsafeBitCast(symbol, to: Driver.self)
        let words = ["Fuzzing", "-max_len=\(target.longest)"] + arguments.words.dropFirst()
        await withCheckedContinuation { continuation in
            // libFuzzer keeps its thread; the checks run on the threads of Swift's pool.
            DispatchQueue(label: "libFuzzer").async {
                drive(driver, words)
                continuation.resume()
            }
        }
    }

    private static func drive(_ driver: Driver, _ words: [String]) {
        var pointers = words.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { pointers in
            guard var start = pointers.baseAddress else { return }
            var count = CInt(words.count)
            _ = driver(&count, &start) { bytes, count in
                CoverageRun.try(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            }
        }
    }

    private static func `try`(_ input: [UInt8]) {
        guard let trial = trial.withLock({ $0 }) else { return }
        let done = DispatchSemaphore(value: 0)
        let task = Task.detached {
            do throws(Violation) {
                _ = try await trial.run(input)
            } catch {
                Output.error("violation: \(error)")
                abort()
            }
            done.signal()
        }
        done.wait()
        task.cancel()
    }
}
