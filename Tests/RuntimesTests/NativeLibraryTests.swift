import Core
import Runtimes
import Testing

@Suite("Native libraries")
struct NativeLibraryTests {
    @Test("are all there with their pinned versions (else run scripts/fetch-native)")
    func status() {
        let status = NativeLibrary.status()
        #expect(status.map(\.name) == ["xgboost", "lightgbm", "onnxruntime"])
        for library in status {
            #expect(library.found, "\(library.remedy ?? "")")
            #expect(library.version == NativeLibrary(rawValue: library.name)?.pinnedVersion)
            #expect(library.remedy == nil && library.place != nil)
        }
    }

    @Test("name the remedy and no path of the host")
    func remedy() {
        for library in NativeLibrary.allCases {
            #expect(library.remedy.contains("make native") && library.remedy.contains("scripts/fetch-native"))
            #expect(!library.remedy.contains(" /"))
        }
    }

    @Test("are looked for by MARTLET_NATIVE, beside the binary, above it, then in .build")
    func places() {
        let built = NativeSearchPath(
            environment: "/opt/native",
            executable: "/src/martlet/.build/x86_64-unknown-linux-gnu/release/martlet"
        )
        #expect(
            built.places.map(\.directory) == [
                "/opt/native",
                "/src/martlet/.build/x86_64-unknown-linux-gnu/release/native",
                "/src/martlet/.build/x86_64-unknown-linux-gnu/native",
                "/src/martlet/.build/native",
            ]
        )
        let installed = NativeSearchPath(environment: "", executable: "/usr/lib/martlet/martlet")
        #expect(installed.places.map(\.directory) == ["/usr/lib/martlet/native", "/usr/lib/native"])
        #expect(NativeSearchPath(environment: nil, executable: nil).places.isEmpty)
    }
}
