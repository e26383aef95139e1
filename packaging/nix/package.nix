# A package for Nix: `nix-build --expr 'with import <nixpkgs> {}; callPackage ./packaging/nix/package.nix {}'`.
#
# It was never evaluated: there was no Nix at hand. The programs of a Nix profile are never replaced in place, so a daemon that
# runs goes on as the old one until it is started again.
{ lib
, rustPlatform
, makeWrapper
, restic
, stdenv
}:

rustPlatform.buildRustPackage {
  pname = "prestic";
  version = "0.1.0";

  src = lib.cleanSource ../..;
  cargoLock.lockFile = ../../Cargo.lock;

  nativeBuildInputs = [ makeWrapper ];

  cargoBuildFlags = [ "-p" "prestic-daemon" "-p" "prestic-ctl" "-p" "prestic-tray" ];

  # The tests install what they need with the package manager of the machine.
  doCheck = false;

  installPhase = ''
    runHook preInstall
    patchShebangs packaging
    packaging/docs.sh
    packaging/install.sh target/${stdenv.hostPlatform.rust.cargoShortTarget}/release / "$out"
    for program in prestic-daemon prestic-ctl; do
      wrapProgram "$out/bin/$program" --suffix PATH : ${lib.makeBinPath [ restic ]}
    done
    runHook postInstall
  '';

  meta = {
    description = "Scheduler of restic backups that survive crashes, restarts and upgrades";
    homepage = "https://github.com/anmcarrow/prestic-ng";
    license = lib.licenses.mit;
    mainProgram = "prestic-ctl";
    platforms = lib.platforms.unix;
  };
}
