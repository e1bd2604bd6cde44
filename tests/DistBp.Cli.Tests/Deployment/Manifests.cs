using System.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>What `kubectl kustomize` makes of a folder. No cluster is asked.</summary>
internal sealed class Manifests
{
    private static readonly Lazy<Manifests> s_shipped = new(() => new Manifests(Render(DeployFolder.Kubernetes)));
    private readonly IReadOnlyList<ManifestNode> _all;

    public Manifests(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        _all = [.. stream.Documents.Select(d => new ManifestNode(d.RootNode, $"{d.RootNode["kind"]} {d.RootNode["metadata"]["name"]}"))];
    }

    /// <summary>Those of deploy/kubernetes.</summary>
    public static Manifests Shipped => s_shipped.Value;

    public IEnumerable<string> Kinds => _all.Select(m => m["kind"].Text);

    /// <summary>Of the one ConfigMap: file names with their contents.</summary>
    public IReadOnlyDictionary<string, string> Files => OfKind("ConfigMap").Single()["data"].Texts;

    /// <summary>The coordinator's, the servers' and the workers'.</summary>
    public IReadOnlyList<ManifestNode> StatefulSets => OfKind("StatefulSet");

    public IReadOnlyList<ManifestNode> OfKind(string kind) => [.. _all.Where(m => m["kind"].Text == kind)];

    public ManifestNode Find(string kind, string name) => OfKind(kind).Single(m => NameOf(m) == name);

    /// <summary>All pods' templates: of the nodes, and of the submission.</summary>
    public IEnumerable<ManifestNode> PodSpecs => StatefulSets.Concat(OfKind("Job")).Select(m => m["spec"]["template"]["spec"]);

    public static string NameOf(ManifestNode manifest) => manifest["metadata"]["name"].Text;

    /// <summary>The manifests as text.</summary>
    public static string Render(string folder)
    {
        var start = new ProcessStartInfo("kubectl", ["kustomize", folder]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process kubectl = Process.Start(start)!;
        Task<string> errors = kubectl.StandardError.ReadToEndAsync();
        string yaml = kubectl.StandardOutput.ReadToEnd();
        kubectl.WaitForExit();
        Assert.True(kubectl.ExitCode == 0, $"kubectl kustomize {folder} ended with {kubectl.ExitCode}: {errors.Result}");
        return yaml;
    }
}
