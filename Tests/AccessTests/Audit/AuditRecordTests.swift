import Access
import Core
import Testing

@Suite("Audit record")
struct AuditRecordTests {
    private func entry(actor: String = "alice", token: String? = nil, object: String = "o") -> AuditEntry {
        AuditEntry(
            time: Timestamp(milliseconds: 5),
            actor: actor,
            token: token,
            workspace: "w",
            action: "POST /x",
            object: object,
            after: ["a": 1],
            outcome: .done
        )
    }

    @Test("the canonical form is netstrings in a fixed order")
    func canonical() {
        let record = AuditRecord(entry(actor: "älice"), after: .empty)
        let zeros = String(repeating: "0", count: 64)
        #expect(
            String(decoding: record.canonicalForm, as: UTF8.self)
                == #"15:martlet-audit-1,1:1,1:5,6:älice,-,1:w,7:POST /x,1:o,-,7:{"a":1},-,-,4:done,-,64:\#(zeros),"#
        )
        // Computed with Python's hashlib over the same bytes.
        #expect(record.hash == "6ace7815e665d410161b8b3ff1f01f84d137f840c26c3e314c581177c08d7f87")
    }

    @Test("absent and empty, and texts that are split otherwise, have different hashes")
    func distinct() {
        let hashes = [
            entry(token: nil), entry(token: ""), entry(token: "-"), entry(actor: "alice1:", object: "o"),
            entry(actor: "alice", object: "1:o"),
        ].map { AuditRecord($0, after: .empty).hash }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("JSON keeps every field")
    func json() throws {
        let record = AuditRecord(entry(token: "t"), after: AuditHead(sequence: 4, hash: AuditRecord.genesis))
        #expect(try AuditRecord(json: record.json) == record)
        #expect(try AuditRecord(json: JSONValue.parse(record.json.serialized())) == record)
        guard case .object(let object) = record.json else { return }
        for (key, _) in object.pairs
        where !["token", "before", "after", "request_id", "address", "reason"].contains(key) {
            var incomplete = object
            incomplete[key] = nil
            #expect(throws: MartletError.self, "\(key)") { try AuditRecord(json: .object(incomplete)) }
        }
    }

    @Test("a chain that begins anywhere but at 1, repeats or is out of order has a fault")
    func order() {
        let first = AuditRecord(entry(), after: .empty)
        let second = AuditRecord(entry(), after: first.head)
        func fault(_ records: [AuditRecord]) -> Int64? {
            var verifier = AuditVerifier()
            for record in records { verifier.take(record) }
            verifier.finish()
            return verifier.fault?.sequence
        }
        #expect(fault([first, second]) == nil)
        #expect(fault([second]) == 1)
        #expect(fault([first, first]) == 1)
        #expect(fault([first, second, first]) == 1)
        #expect(fault([]) == nil)
    }
}
