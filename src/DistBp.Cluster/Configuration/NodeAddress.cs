using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration;

/// <summary>Where a node listens or is called: "host:port", "127.0.0.1:5600", "[::1]:5600".</summary>
/// <param name="Host">A name or an IP address, without brackets.</param>
/// <param name="Port">0 where a node listens: the system chooses.</param>
public readonly record struct NodeAddress(string Host, int Port)
{
    public const string Form = "HOST:PORT, as 127.0.0.1:5600";

    public Uri Uri => new($"http://{this}");

    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out IPAddress? address) && IPAddress.IsLoopback(address));

    /// <summary>All addresses of the machine: nobody can call it by that.</summary>
    public bool IsWildcard => IPAddress.TryParse(Host, out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    public static bool TryParse(string text, [NotNullWhen(true)] out NodeAddress? address)
    {
        address = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > ushort.MaxValue)
            return false;
        string host = text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed) host = host[1..^1];
        UriHostNameType kind = Uri.CheckHostName(host);
        if (bracketed ? kind != UriHostNameType.IPv6 : kind is not (UriHostNameType.Dns or UriHostNameType.IPv4)) return false;
        address = new NodeAddress(host, port);
        return true;
    }

    /// <exception cref="UserException">It is no address.</exception>
    public static NodeAddress Parse(string text, string where) => TryParse(text, out NodeAddress? address)
        ? address.Value
        : throw new UserException(ErrorKind.Usage, $"\"{text}\" is no address", where, $"write it as {Form}");

    /// <summary>To listen at: an address of this machine, not a name.</summary>
    /// <exception cref="UserException">It is a name.</exception>
    public IPEndPoint EndPoint(string where)
    {
        if (Host == "localhost") return new IPEndPoint(IPAddress.Loopback, Port);
        return IPAddress.TryParse(Host, out IPAddress? address)
            ? new IPEndPoint(address, Port)
            : throw new UserException(ErrorKind.Usage, $"a node listens at an IP address, and \"{Host}\" is a name", where,
                "write 0.0.0.0 for all addresses of this machine, and the name in advertise");
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IPAddress.TryParse(Host, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{Host}]" : Host)}:{Port}");
}
