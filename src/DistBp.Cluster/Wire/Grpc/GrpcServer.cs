using System.Net;
using DistBp.Cluster.Wire.Http2;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>Kestrel with HTTP/2 alone on one address, answering the methods that it was made with.</summary>
internal sealed class GrpcServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly LeanServer _lean;

    private GrpcServer(WebApplication application, LeanServer lean, IPEndPoint address) => (_application, _lean, Address) = (application, lean, address);

    /// <summary>Where it listens; the port that the system chose where 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    /// <param name="report">Is told of a bug in a method; the call ends with UNKNOWN.</param>
    /// <exception cref="IOException">The address is in use or not of this machine.</exception>
    public static async Task<GrpcServer> StartAsync(IPEndPoint listen, GrpcLimits limits, Action<GrpcServices> addMethods, Action<Exception> report)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var lean = new LeanServer(limits, report);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, listen, limits));
        builder.Services.AddSingleton<IConnectionListenerFactory>(_ => new LeanTransport(lean));
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        WebApplication application = builder.Build();
        application.UseRouting();
        addMethods(new GrpcServices(application, lean, limits.MaxMessageBytes, report));
        application.UseEndpoints(_ => { });
        application.Run(context => ServerCallRun.Refuse(context, StatusCode.Unimplemented, $"there is no method {context.Request.Path}"));
        await application.StartAsync().ConfigureAwait(false);
        string url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new GrpcServer(application, lean, new IPEndPoint(listen.Address, new Uri(url).Port));
    }

    /// <summary>Takes no new calls; those under way are given <paramref name="grace"/> to end, then they are cut off.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        using var limit = new CancellationTokenSource(grace);
        Task lean = _lean.StopAsync(grace);
        await _application.StopAsync(limit.Token).ConfigureAwait(false);
        await lean.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _lean.StopAsync(TimeSpan.Zero).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static void Configure(KestrelServerOptions kestrel, IPEndPoint listen, GrpcLimits limits)
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
        kestrel.Listen(listen, endpoint => endpoint.Protocols = HttpProtocols.Http2);
    }
}
