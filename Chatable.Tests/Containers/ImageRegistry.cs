using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using Chatable.Tests.Support;

namespace Chatable.Tests.Containers;

/// <summary>A registry on this machine that holds the stand-in for the base image.</summary>
internal sealed class ImageRegistry : IDisposable
{
    public const string OciIndex = "application/vnd.oci.image.index.v1+json", OciManifest = "application/vnd.oci.image.manifest.v1+json";

    private readonly ServerProcess _process;
    private readonly HttpClient _http;

    private ImageRegistry(ServerProcess process, string address)
    {
        _process = process;
        Address = address;
        _http = new HttpClient { BaseAddress = new Uri($"http://{address}") };
    }

    /// <summary><c>127.0.0.1:5000</c></summary>
    public string Address { get; }

    public string Base => $"{Address}/dotnet/aspnet:10.0";

    public static async Task<ImageRegistry> StartAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var address = $"127.0.0.1:{ServerProcess.FreePort()}";
            var start = new ProcessStartInfo(
                "setpriv",
                ["--pdeathsig", "TERM", "--", Path.Combine(Repository.Root, "eng", "containers", "registry.sh"), Path.Combine(Podman.Folder, "registry"), address])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            try
            {
                return new ImageRegistry(
                    await ServerProcess.StartAsync(start, "listening on", ServerProcess.Terminate, cancellationToken), address);
            }
            catch (InvalidOperationException) when (attempt < 5)
            {
                // Most likely another program took the port in the meantime.
            }
        }
    }

    public Task<JsonElement> ManifestAsync(string repository, string reference, string mediaType, CancellationToken cancellationToken) =>
        JsonAsync($"/v2/{repository}/manifests/{reference}", mediaType, cancellationToken);

    /// <summary>The manifest of an image for one architecture, found through the index of its tag.</summary>
    public async Task<JsonElement> ManifestOfAsync(string repository, string tag, string architecture, CancellationToken cancellationToken)
    {
        var index = await ManifestAsync(repository, tag, OciIndex, cancellationToken);
        var entry = index.GetProperty("manifests").EnumerateArray()
            .Single(one => one.GetProperty("platform").Text("architecture") == architecture);
        return await ManifestAsync(repository, entry.Text("digest")!, entry.Text("mediaType")!, cancellationToken);
    }

    public Task<JsonElement> ConfigurationAsync(string repository, JsonElement manifest, CancellationToken cancellationToken) =>
        JsonAsync($"/v2/{repository}/blobs/{manifest.GetProperty("config").Text("digest")}", "*/*", cancellationToken);

    /// <summary>All files of a layer by path.</summary>
    public async Task<Dictionary<string, byte[]>> FilesAsync(string repository, string digest, CancellationToken cancellationToken)
    {
        await using var body = await _http.GetStreamAsync(new Uri($"/v2/{repository}/blobs/{digest}", UriKind.Relative), cancellationToken);
        await using var plain = new GZipStream(body, CompressionMode.Decompress);
        await using var archive = new TarReader(plain);
        var files = new Dictionary<string, byte[]>();
        while (await archive.GetNextEntryAsync(copyData: true, cancellationToken) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                continue;
            var content = new MemoryStream();
            if (entry.DataStream is { } data)
                await data.CopyToAsync(content, cancellationToken);
            files.Add(entry.Name.TrimStart('.', '/'), content.ToArray());
        }

        return files;
    }

    public void Dispose()
    {
        _http.Dispose();
        _process.Dispose();
    }

    private async Task<JsonElement> JsonAsync(string path, string mediaType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
        using var response = await _http.SendAsync(request, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        return JsonElement.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
