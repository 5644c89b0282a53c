import CHost

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A directory held open; names are looked up beneath it and nowhere else.
final class OpenDirectory: Sendable {
    let file: OpenFile

    init(_ file: OpenFile) {
        self.file = file
    }

    private var descriptor: Int32 { file.descriptor }

    /// Opens a directory by its host path, as the operator configured it.
    convenience init(hostPath: String) throws(SystemError) {
        let descriptor = open(hostPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(number: errno) }
        self.init(OpenFile(descriptor))
    }

    /// Opens a file or directory beneath this one without following links.
    func openFile(beneath path: ArtifactPath, flags: Int32 = O_RDONLY) throws(SystemError) -> OpenFile {
        let text = path.isRoot ? "." : path.description
        // Without O_NONBLOCK, opening a named pipe that someone put on the disk would hang.
        let result = martlet_open_beneath(descriptor, text, flags | O_NONBLOCK, 0o644)
        guard result >= 0 else { throw SystemError(number: -result) }
        return OpenFile(result)
    }

    /// Opens a directory beneath this one.
    func directory(beneath path: ArtifactPath) throws(SystemError) -> OpenDirectory {
        OpenDirectory(try openFile(beneath: path, flags: O_RDONLY | O_DIRECTORY))
    }

    /// Opens a directory beneath this one and creates what is missing on the way.
    func makeDirectory(beneath path: ArtifactPath) throws(SystemError) -> OpenDirectory {
        let result = martlet_make_directories_beneath(descriptor, path.description, 0o755)
        guard result >= 0 else { throw SystemError(number: -result) }
        return OpenDirectory(OpenFile(result))
    }

    /// Opens or creates the directory `name` itself, for the store's own use.
    func makeOwnDirectory(_ name: String) throws(SystemError) -> OpenDirectory {
        let result = martlet_make_directories_beneath(descriptor, name, 0o700)
        guard result >= 0 else { throw SystemError(number: -result) }
        return OpenDirectory(OpenFile(result))
    }

    /// Creates a file that must not exist yet.
    func createFile(_ name: String) throws(SystemError) -> OpenFile {
        let result = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard result >= 0 else { throw SystemError(number: errno) }
        return OpenFile(result)
    }

    /// Opens an existing file of this very directory.
    func openFile(_ name: String) throws(SystemError) -> OpenFile {
        let result = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard result >= 0 else { throw SystemError(number: errno) }
        return OpenFile(result)
    }

    /// Moves `name` to `newName` in `other`, replacing a file there in one step.
    func move(_ name: String, to other: OpenDirectory, as newName: String) throws(SystemError) {
        guard renameat(descriptor, name, other.descriptor, newName) == 0 else { throw SystemError(number: errno) }
    }

    /// Removes a file or link of this directory.
    func removeFile(_ name: String) throws(SystemError) {
        guard unlinkat(descriptor, name, 0) == 0 else { throw SystemError(number: errno) }
    }

    /// Removes an empty directory of this directory.
    func removeDirectory(_ name: String) throws(SystemError) {
        guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw SystemError(number: errno) }
    }

    /// What `name` in this directory is, without following a link.
    func status(of name: String) throws(SystemError) -> FileStatus {
        var information = stat()
        guard fstatat(descriptor, name, &information, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemError(number: errno)
        }
        return FileStatus(information)
    }

    /// The names in this directory, unsorted, without `.` and `..`; names that are not UTF-8 are left out.
    ///
    /// - Throws: `SystemError` with `EOVERFLOW` past `limit` names.
    func names(limit: Int) throws(SystemError) -> [String] {
        // A fresh description, because closedir closes it and reading moves its position.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw SystemError(number: errno) }
        guard let stream = fdopendir(copy) else {
            let number = errno
            close(copy)
            throw SystemError(number: number)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name, name != ".", name != ".." else { continue }
            guard names.count < limit else { throw SystemError(number: EOVERFLOW) }
            names.append(name)
        }
        return names
    }
}
