using DistBp.Cluster.Configuration.Nodes;

namespace DistBp.Cluster.Configuration.Forms;

/// <summary>Where something is called over HTTP: a scheme, a host and a port, and no path.</summary>
internal sealed class UrlForm : Form<string>
{
    public static readonly UrlForm Instance = new();

    public override string Expected => "a URL (http://HOST:PORT)";

    public override string Sample => "\"http://127.0.0.1:2379\"";

    public override string Read(Node node, Place place, string fallback) =>
        node is ScalarNode scalar && IsUrl(scalar.Text) ? scalar.Text : Wrong(node, place, fallback);

    public override Node Write(string value) => new ScalarNode(default, value, Quoted: true);

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/" && url.UserInfo.Length == 0;
}
