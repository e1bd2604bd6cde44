using System.Net;
using DistBp.Cluster.Wire.Http2;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>Kestrel with HTTP/2 alone on one address, answering the methods that it was made with.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private GrpcServer(WebApplication application, IPEndPoint address) => (_application, Address) = (application, address);

    /// <summary>Where it listens; the port that the system chose where 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    /// <param name="report">Is told of a bug in a method; the call ends with UNKNOWN.</param>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    public static async Task<GrpcServer> StartAsync(IPEndPoint listen, GrpcLimits limits, Action<GrpcServices> addMethods, Action<Exception> report)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var lean = new LeanServer(limits, report);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, listen, limits, lean));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, BlockPool>();
        // Who has received bytes reads them, and whoever has something to send sends it: each way to another thread is a wake-up while the cores compute.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        WebApplication application = builder.Build();
        application.UseRouting();
        addMethods(new GrpcServices(application, lean, limits.MaxMessageBytes, report));
        application.UseEndpoints(_ => { });
        application.Run(context => ServerCallRun.Refuse(context, StatusCode.Unimplemented, $"there is no method {context.Request.Path}"));
        await application.StartAsync().ConfigureAwait(false);
        string url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new GrpcServer(application, new IPEndPoint(listen.Address, new Uri(url).Port));
    }

    /// <summary>Takes no new calls; those under way are given <paramref name="grace"/> to end, then they are cut off.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        using var limit = new CancellationTokenSource(grace);
        await _application.StopAsync(limit.Token).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint listen, GrpcLimits limits, LeanServer lean)
    {
        kestrel.AddServerHeader = false;
        // A call's length and pace are the caller's; messages have a limit of their own, and windows bound what is held.
        kestrel.Limits.MaxRequestBodySize = null;
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.InitialStreamWindowSize = limits.StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = limits.ConnectionWindowBytes;
        kestrel.Limits.Http2.MaxFrameSize = limits.FrameBytes;
        kestrel.Limits.Http2.KeepAlivePingDelay = limits.PingInterval;
        kestrel.Limits.Http2.KeepAlivePingTimeout = limits.PingTimeout;
        kestrel.Listen(listen, endpoint =>
        {
            endpoint.Protocols = HttpProtocols.Http2;
            endpoint.Use(kestrels => connection => lean.RunAsync(connection, kestrels));
        });
    }
}
