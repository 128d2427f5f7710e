using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Chatable.Tests.Support;

/// <summary>A certificate authority that nobody trusts yet, and one certificate signed by it, as PEM files.</summary>
internal sealed class TestAuthority : IAsyncDisposable
{
    private static readonly DateTimeOffset s_from = DateTimeOffset.UtcNow.AddDays(-1), s_until = DateTimeOffset.UtcNow.AddDays(1);

    private readonly DirectoryInfo _folder;

    private TestAuthority(DirectoryInfo folder) => _folder = folder;

    /// <summary>The root certificate, for clients to trust.</summary>
    public string Root => Path.Combine(_folder.FullName, "root.pem");

    /// <summary>For a server called <c>localhost</c>, and for no other name or address.</summary>
    public string Certificate => Path.Combine(_folder.FullName, "server.pem");

    /// <summary>Readable only by the servers' user, as PostgreSQL requires.</summary>
    public string Key => Path.Combine(_folder.FullName, "server.key");

    public static async Task<TestAuthority> CreateAsync(CancellationToken cancellationToken)
    {
        var authority = new TestAuthority(await ServerAccount.CreateFolderAsync("chatable-authority-", cancellationToken));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=Chatable tests", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(s_from, s_until);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(root, s_from, s_until, RandomNumberGenerator.GetBytes(8));

        await File.WriteAllTextAsync(authority.Root, root.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(authority.Certificate, certificate.ExportCertificatePem(), cancellationToken);
        await File.WriteAllTextAsync(authority.Key, key.ExportPkcs8PrivateKeyPem(), cancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(authority.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await ServerAccount.GiveAsync(authority._folder, cancellationToken);
        return authority;
    }

    public ValueTask DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
