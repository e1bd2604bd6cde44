using System.Text.RegularExpressions;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>The one container of a pod, with what Kubernetes would give to its process: words, environment, files.</summary>
internal sealed partial class PodContainer
{
    private const string ImageCommand = "distbp";
    private readonly ManifestNode _container;

    /// <param name="pod">A pod's spec.</param>
    /// <param name="podName">"distbp-worker-0".</param>
    /// <param name="secret">What the Secret holds, whichever key is asked for.</param>
    public PodContainer(ManifestNode pod, string podName, string secret)
    {
        _container = pod["containers"].Items.Single();
        PodName = podName;
        Environment = (_container.Find("env")?.Items ?? []).ToDictionary(v => v["name"].Text, v => ValueOf(v, podName, secret));
        Words = [.. _container["command"].Items.Concat(_container["args"].Items).Select(w => Expand(w.Text))];
        Assert.Equal(ImageCommand, Words[0]);
        Dictionary<string, ManifestNode> volumes = pod["volumes"].Items.ToDictionary(v => v["name"].Text);
        // A volume that the pod does not list is a claim of its StatefulSet.
        Mounts = _container["volumeMounts"].Items.ToDictionary(
            m => m["mountPath"].Text, m => volumes.TryGetValue(m["name"].Text, out ManifestNode? v) ? v.Keys.Single(k => k != "name") : "persistentVolumeClaim");
    }

    public string PodName { get; }

    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The command and its arguments.</summary>
    public IReadOnlyList<string> Words { get; }

    /// <summary>Arguments without the command.</summary>
    public string[] Arguments => [.. Words.Skip(1)];

    /// <summary>Where volumes are mounted, and of what kind they are.</summary>
    public IReadOnlyDictionary<string, string> Mounts { get; }

    public ManifestNode Manifest => _container;

    /// <summary>The container's ports by name.</summary>
    public IReadOnlyDictionary<string, int> Ports =>
        _container["ports"].Items.ToDictionary(p => p["name"].Text, p => p["containerPort"].Number);

    /// <summary>Of --name=VALUE.</summary>
    public string Flag(string name) => Words.Single(w => w.StartsWith($"--{name}=", StringComparison.Ordinal))[(name.Length + 3)..];

    private static string ValueOf(ManifestNode variable, string podName, string secret)
    {
        if (variable.Find("value") is { } value) return value.Text;
        ManifestNode source = variable["valueFrom"];
        if (source.Find("secretKeyRef") is not null) return secret;
        Assert.Equal("metadata.name", source["fieldRef"]["fieldPath"].Text);
        return podName;
    }

    /// <summary>$(NAME), as Kubernetes expands it.</summary>
    private string Expand(string word) => Reference().Replace(word, m => Environment[m.Groups[1].Value]);

    [GeneratedRegex(@"\$\(([A-Z_]+)\)")]
    private static partial Regex Reference();
}
