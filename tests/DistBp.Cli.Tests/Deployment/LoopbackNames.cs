using System.Net;
using System.Net.Sockets;

namespace DistBp.Cli.Tests.Deployment;

/// <summary>Stands for the cluster's DNS: a pod's name in its headless service is a port of this machine. Other names do not resolve.</summary>
internal sealed class LoopbackNames(Manifests manifests)
{
    private readonly Dictionary<(string Pod, int Port), int> _ports = [];

    /// <param name="pod">"distbp-worker-0".</param>
    /// <param name="service">"distbp-worker".</param>
    public string Resolve(string pod, string service, int port)
    {
        ManifestNode set = manifests.Find("StatefulSet", pod[..pod.LastIndexOf('-')]);
        Assert.Equal(set["spec"]["serviceName"].Text, service);
        Assert.Contains(manifests.Find("Service", service)["spec"]["ports"].Items, p => p["port"].Number == port);
        return $"127.0.0.1:{PortOf(pod, port)}";
    }

    /// <summary>The port here for a port of the pod; a free one at first.</summary>
    public int PortOf(string pod, int port)
    {
        if (_ports.TryGetValue((pod, port), out int known)) return known;
        int free;
        do
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            free = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        while (_ports.ContainsValue(free));
        return _ports[(pod, port)] = free;
    }
}
