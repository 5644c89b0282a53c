import Core
import Foundation

/// A folder of this host that is read without ever following a symbolic link out of it.
enum LocalFolder {
    enum Kind {
        case file(size: Int64, modified: Int64)
        case folder
        case link
        case other
    }

    /// One name in a folder.
    struct Entry {
        let name: String
        let kind: Kind
    }

    /// The names in a folder, sorted; empty if there is none.
    ///
    /// - Throws: `permissionDenied` or `unavailable` if it cannot be read; `shown` is what messages call it.
    static func entries(_ path: String, shown: String) throws(MartletError) -> [Entry] {
        if case .link = kind(path) { throw link(shown) }
        guard let directory = opendir(path) else {
            switch errno {
            case ENOENT, ENOTDIR: return []
            case EACCES, EPERM: throw MartletError(.permissionDenied, "'\(shown)' may not be read by this user.")
            default: throw MartletError(.unavailable, "'\(shown)' cannot be read.")
            }
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted().map { Entry(name: $0, kind: kind(path + "/" + $0)) }
    }

    /// What lies at a path.
    static func kind(_ path: String) -> Kind {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .other }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            let modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
            return .file(size: Int64(status.st_size), modified: modified)
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        default: return .other
        }
    }

    /// Whether there is a folder at a path, which is no link.
    static func isFolder(_ path: String) -> Bool {
        if case .folder = kind(path) { true } else { false }
    }

    /// Every file below a folder with its path from there; links and devices are told apart, not followed.
    static func files(_ path: String, shown: String) throws(MartletError) -> (files: [SourceFile], refused: [String]) {
        var files: [SourceFile] = []
        var refused: [String] = []
        var pending = [(path: "", depth: 0)]
        while let folder = pending.popLast() {
            let place = folder.path.isEmpty ? path : path + "/" + folder.path
            for entry in try entries(place, shown: shown) {
                let name = folder.path.isEmpty ? entry.name : folder.path + "/" + entry.name
                switch entry.kind {
                case .file(let size, _): files.append(SourceFile(path: name, size: size))
                case .folder where folder.depth < ImportsLimits.folderDepth:
                    pending.append((name, folder.depth + 1))
                case .folder, .link, .other: refused.append(name)
                }
            }
            guard files.count <= ImportsLimits.files else {
                throw MartletError(.resourceExhausted, "'\(shown)' has more than \(ImportsLimits.files) files.")
            }
        }
        return (files.sorted { $0.path < $1.path }, refused.sorted())
    }

    /// The path with every link resolved; nil if nothing is there.
    static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func link(_ shown: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "'\(shown)' is a symbolic link, which is not followed: put the file itself there."
        )
    }
}
