using System.Net;
using System.Net.Sockets;

namespace DistBp.Tests.Shared;

/// <summary>Ports of loopback at which nobody listens now.</summary>
internal static class FreePorts
{
    public static int[] Find(int count)
    {
        // All at once, so that they differ.
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }
}
