import CHost
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Both ways of opening a file beneath a directory must refuse the same things.
@Suite struct OpenBeneathTests {
    typealias Opener = @Sendable (Int32, String, Int32) -> Int32
    static let ways: [(name: String, open: Opener)] = [
        ("in one call", { martlet_open_beneath($0, $1, $2, 0o644) }),
        ("step by step", { martlet_open_beneath_stepwise($0, $1, $2, 0o644) }),
    ]

    private let temporary: TemporaryStore

    init() throws {
        temporary = try TemporaryStore()
    }

    @Test(arguments: ways.indices)
    func staysBeneath(_ way: Int) throws {
        let openFile = Self.ways[way].open
        _ = try temporary.makeOutsideFile("secret", "key")
        #expect(mkdir("\(temporary.root)/d", 0o755) == 0)
        try temporary.writeFile("\(temporary.root)/d/a", "x")
        #expect(symlink("..", "\(temporary.root)/up") == 0)
        #expect(symlink("a", "\(temporary.root)/d/link") == 0)
        let root = open(temporary.root, O_RDONLY | O_DIRECTORY)
        defer { close(root) }
        let fine = openFile(root, "d/a", O_RDONLY)
        #expect(fine >= 0)
        close(fine)
        #expect(openFile(root, "d/none", O_RDONLY) == -ENOENT)
        for bad in ["../../secret", "d/../../secret", "up/secret", "d/link", "/etc/passwd", ""] {
            let result = openFile(root, bad, O_RDONLY)
            #expect(result < 0, "\(Self.ways[way].name): \(bad)")
            if result >= 0 { close(result) }
        }
    }

    @Test func directoriesAreMadeBeneathOnly() {
        let root = open(temporary.root, O_RDONLY | O_DIRECTORY)
        defer { close(root) }
        #expect(symlink("..", "\(temporary.root)/up") == 0)
        let made = martlet_make_directories_beneath(root, "x/y/z", 0o755)
        #expect(made >= 0)
        close(made)
        #expect(names(in: "\(temporary.root)/x/y") == ["z"])
        for bad in ["../x", "up/x", "/x", "x//y", "x/./y"] {
            #expect(martlet_make_directories_beneath(root, bad, 0o755) < 0, "\(bad)")
        }
    }
}
