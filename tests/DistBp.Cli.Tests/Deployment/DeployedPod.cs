using System.Text.RegularExpressions;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>A pod of the rendered manifests as a process on loopback: its mounts are folders, its DNS name is a port.</summary>
internal sealed partial class DeployedPod
{
    private readonly string _folder;
    private readonly PodContainer _container;
    private readonly LoopbackNames _names;

    /// <param name="folder">For its mounts; what was in them before stays.</param>
    public DeployedPod(PodContainer container, LoopbackNames names, string folder, IReadOnlyDictionary<string, string> configMap)
    {
        (_container, _names, _folder) = (container, names, folder);
        foreach ((string path, string kind) in container.Mounts)
        {
            string mount = Directory.CreateDirectory(At(path)).FullName;
            if (kind != "configMap") continue;
            foreach ((string name, string content) in configMap) File.WriteAllText(Path.Combine(mount, name), Rewrite(content));
        }
    }

    public string Name => _container.PodName;

    public string[] Arguments => [.. _container.Arguments.Select(Rewrite)];

    public IReadOnlyDictionary<string, string> Environment => _container.Environment;

    /// <summary>Where a path of the container is here.</summary>
    public string At(string path) => _folder + path;

    /// <summary>Paths below mounts and addresses, as they are here.</summary>
    private string Rewrite(string text)
    {
        string mounts = string.Join('|', _container.Mounts.Keys.Select(Regex.Escape));
        string here = Regex.Replace(text, $"(?<![^\\s\"=])({mounts})(?=[/\"\\s]|$)", m => At(m.Value), RegexOptions.CultureInvariant);
        here = EveryAddress().Replace(here, m => $"127.0.0.1:{_names.PortOf(Name, int.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture))}");
        return NameInService().Replace(here, m => _names.Resolve(m.Groups[1].Value, m.Groups[2].Value, int.Parse(m.Groups[3].Value, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [GeneratedRegex(@"0\.0\.0\.0:(\d+)")]
    private static partial Regex EveryAddress();

    [GeneratedRegex(@"([a-z0-9-]+-\d+)\.([a-z0-9-]+):(\d+)")]
    private static partial Regex NameInService();
}
