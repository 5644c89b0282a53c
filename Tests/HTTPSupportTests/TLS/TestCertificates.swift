/// Certificates of nobody, for tests: each signs itself and holds from 2020 to 2120.
enum TestCertificates {
    /// For `localhost`, `*.Models.example`, 127.0.0.1 and ::1.
    static let first = """
        -----BEGIN CERTIFICATE-----
        MIIBeDCCAR2gAwIBAgIUKO/KTdpaIpeKJ9oShbyf4PrEsAYwCgYIKoZIzj0EAwIw
        EDEOMAwGA1UEAwwFZmlyc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
        MDBaMBAxDjAMBgNVBAMMBWZpcnN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
        KyQKJuLxbOALULIgoJBpnT7bTuwpAF6K9gWKqD9ydi0+F+cRJeHHHspKcNOXZcUz
        cXKAr5ELbb3q42KyuA93yqNTMFEwPgYDVR0RBDcwNYIJbG9jYWxob3N0ghAqLk1v
        ZGVscy5leGFtcGxlhwR/AAABhxAAAAAAAAAAAAAAAAAAAAABMA8GA1UdEwEB/wQF
        MAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAP8MDluaD0jN+DkZeTzIw2hk5hRmzfXN
        5DbTdZbcutSnAiEAn3BA5VOKSABRJKt9j5lJy78LhpxQG9G0DhxBqSnlUlc=
        -----END CERTIFICATE-----

        """

    /// The key of `first`.
    static let firstKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyM3OIrgWA7uwmCnN
        rgX2cGR0qiQhrjLEGaQ1fZySbtmhRANCAAQrJAom4vFs4AtQsiCgkGmdPttO7CkA
        Xor2BYqoP3J2LT4X5xEl4cceykpw05dlxTNxcoCvkQttverjYrK4D3fK
        -----END PRIVATE KEY-----

        """

    /// The key of `first` behind a passphrase.
    static let firstKeyLocked = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBAyZtnDxbfU5c0w0yKv
        Bx77AgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQDQypvpOeKNzrOnTQ
        SzO7pASBkFAcJBwVZjpVrOjJMfgH/640bQ1XefEYm4N4aUO0QAv0vZjAwa925oyo
        wImWFIG79stHWNwCl9qdWSBbD0+1CUrNpXxwNjxwpltQ45YfWeytoDVneJaAk4Bh
        +r3cIx5uxOzCAhyUvdtUldmZ9HyCQ4HtFOKv3z5x3Jxn/vVFIJdXAaJALyX5fEmd
        CHdFwvDssw==
        -----END ENCRYPTED PRIVATE KEY-----

        """

    /// For `localhost` and `second.example`.
    static let second = """
        -----BEGIN CERTIFICATE-----
        MIIBXzCCAQWgAwIBAgIUIJAFgEZHGnIzAs3Ck3Ier231WaswCgYIKoZIzj0EAwIw
        ETEPMA0GA1UEAwwGc2Vjb25kMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAw
        MDAwWjARMQ8wDQYDVQQDDAZzZWNvbmQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
        AAQCZ0dCIQDrkHbVzOlv2h/7RSKC2cRdLxEcCjBZgI7K0Jj917U8EFjfnTFbiICx
        QA6S9IdJgrlBcOnBakA3aewQozkwNzAkBgNVHREEHTAbgglsb2NhbGhvc3SCDnNl
        Y29uZC5leGFtcGxlMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
        G0CBCxTJuK3Zt51Oh17AqzyU+d2IYCTRmUF6FHqevp0CIQD5v7UiXr1o5bNaa/DB
        qgXOB4jr6d8r4Y8FpFfDkV6LEQ==
        -----END CERTIFICATE-----

        """

    /// The key of `second`.
    static let secondKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/sSXA3HowhkszVli
        DV4xbUYxQejsyF0dfGenwub0tlOhRANCAAQCZ0dCIQDrkHbVzOlv2h/7RSKC2cRd
        LxEcCjBZgI7K0Jj917U8EFjfnTFbiICxQA6S9IdJgrlBcOnBakA3aewQ
        -----END PRIVATE KEY-----

        """
}
