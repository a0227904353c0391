use std::{
    fs,
    io::{IsTerminal, stdin},
    path::PathBuf,
};

use clap::Args;
use uc_model::{Capability, Redacted, Settings};
use uc_session::{
    Client, ClientBuilder, Preferences, PreferencesError, ProfileId, ServiceError, SignInError,
    Trust, port::Certificate,
};

use crate::{computer::Computer, failure::Failure, output::Output, profile};

/// Where and as whom to sign in: by a profile, or as the options say.
#[derive(Debug, Args)]
pub(crate) struct Account {
    /// A profile (see uc profile); the one in use where neither --server nor --user is given.
    #[arg(long, global = true, env = "UC_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    /// The server: `name`, `name:port` or `[IPv6]:port`; without a port 8802. Default: 127.0.0.1. A server of
    /// another kind that speaks SIP: `sips:name` (TLS), `sip:name;transport=udp`, tcp, tls, ws or wss.
    #[arg(long, global = true, env = "UC_SERVER")]
    pub(crate) server: Option<String>,
    /// A second address of the same server, for use outside the office.
    #[arg(long, global = true, env = "UC_WAN")]
    pub(crate) wan: Option<String>,
    /// The user name: in practice the internal number.
    #[arg(long, global = true, env = "UC_USER")]
    pub(crate) user: Option<String>,
    /// Which of your telephones is controlled, by its own number, where several share yours (MULAP); for
    /// calls with sound the one kept for VoIP. Default: the first; see uc assigned-phones.
    #[arg(long, global = true, env = "UC_PHONE", value_name = "NUMBER")]
    pub(crate) phone: Option<String>,
    /// A file whose first line is the password.
    #[arg(long, global = true)]
    password_file: Option<PathBuf>,
    /// SHA-256 fingerprint of the server's certificate, 64 hexadecimal digits.
    #[arg(long, global = true, env = "UC_PIN")]
    pin: Option<String>,
    /// An HTTP proxy through which the server is reached, `name:port`.
    #[arg(long, global = true, env = "UC_PROXY", value_name = "ADDRESS")]
    proxy: Option<String>,
    #[command(flatten)]
    pub(crate) computer: Computer,
}

/// What signs in, with which password, and the profile that it belongs to.
pub(crate) struct Way {
    builder: ClientBuilder,
    password: Redacted<String>,
    profile: Option<(Preferences, ProfileId)>,
    /// The settings of this computer where there is no profile.
    settings: Settings,
}

impl Account {
    /// Signs in without sound. Whatever is printed afterwards obeys the user's settings.
    pub(crate) async fn sign_in(&self, output: &Output) -> Result<Client, Failure> {
        self.sign_in_with(output, Ok).await
    }

    /// Signs in where the server offers what is asked for; elsewhere nothing would be there.
    pub(crate) async fn sign_in_for(
        &self,
        output: &Output,
        capability: Capability,
    ) -> Result<Client, Failure> {
        let client = self.sign_in(output).await?;
        if client.capabilities().has(capability) {
            return Ok(client);
        }
        client.sign_out().await;
        Err(ServiceError::Unsupported.into())
    }

    /// Signs in with what `prepare` adds.
    pub(crate) async fn sign_in_with(
        &self,
        output: &Output,
        prepare: impl Fn(ClientBuilder) -> Result<ClientBuilder, Failure>,
    ) -> Result<Client, Failure> {
        self.way().await?.sign_in(output, prepare).await
    }

    /// The settings of this computer, which hold before anybody has signed in.
    pub(crate) async fn settings_here(&self) -> Result<Settings, Failure> {
        if let Some((preferences, id)) = self.chosen_profile().await? {
            return Ok(preferences.settings_of(id));
        }
        let known = self.computer.known_preferences().await?;
        Ok(known.map(|known| known.settings()).unwrap_or_default())
    }

    /// Whether options say where or as whom to sign in.
    pub(crate) const fn names_somebody(&self) -> bool {
        self.server.is_some() || self.user.is_some()
    }

    /// What would sign in.
    pub(crate) async fn builder(&self) -> Result<ClientBuilder, Failure> {
        Ok(self.way().await?.builder)
    }

    /// What signs in. The password is the given one, the one that the profile keeps, or what a
    /// person enters, in this order.
    pub(crate) async fn way(&self) -> Result<Way, Failure> {
        let profile = self.chosen_profile().await?;
        let (builder, kept) = match &profile {
            Some((preferences, id)) => {
                let builder = preferences.builder_without_password(*id);
                let builder = builder.map_err(PreferencesError::from)?;
                let given = self.given_password()?;
                let kept = match given {
                    Some(password) => Some(password),
                    None => preferences.password(*id).await?,
                };
                (builder, kept)
            }
            None => {
                let server = self.server.as_deref().unwrap_or("127.0.0.1");
                // Nobody enters a password in vain.
                let user = self.user.as_deref().ok_or(Failure::NoAccount)?;
                let builder = Client::builder(server, user);
                let builder = match &self.wan {
                    Some(wan) => builder.wan(wan),
                    None => builder,
                };
                (builder, self.given_password()?)
            }
        };
        let settings = match &profile {
            Some((preferences, id)) => preferences.settings_of(*id),
            None => {
                let known = self.computer.known_preferences().await?;
                known.map(|known| known.settings()).unwrap_or_default()
            }
        };
        let password = kept.map_or_else(|| self.asked_password(), Ok)?;
        let builder = builder.password(password.clone()).trust(self.trust());
        let builder = match &self.proxy {
            Some(proxy) => builder.proxy(proxy),
            None => builder,
        };
        let builder = match &self.phone {
            Some(number) => builder.controlled_phone(number),
            None => builder,
        };
        Ok(Way {
            builder,
            password,
            profile,
            settings,
        })
    }

    /// The profile that was named, or else the one in use.
    pub(crate) async fn chosen_profile(&self) -> Result<Option<(Preferences, ProfileId)>, Failure> {
        if let Some(name) = &self.profile {
            let preferences = self.computer.preferences().await?;
            let id = profile::find(&preferences, name)?;
            return Ok(Some((preferences, id)));
        }
        if self.names_somebody() {
            return Ok(None);
        }
        let known = self.computer.known_preferences().await?;
        Ok(known.and_then(|preferences| {
            let id = preferences.profiles().in_use()?;
            Some((preferences, id))
        }))
    }

    fn trust(&self) -> Trust {
        match &self.pin {
            Some(pin) => Trust::PinHex(pin.clone()),
            None => Trust::Ask,
        }
    }

    /// The certificate's fingerprint that was given.
    pub(crate) fn pinned(&self) -> Result<Option<[u8; 32]>, Failure> {
        match self.trust().fingerprint() {
            Some(Ok(sha256)) => Ok(Some(sha256)),
            Some(Err(error)) => Err(error.into()),
            None => Ok(None),
        }
    }

    /// The password from the file or the environment, in this order.
    pub(crate) fn given_password(&self) -> Result<Option<Redacted<String>>, Failure> {
        if let Some(path) = &self.password_file {
            let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
            let line = text.lines().next().unwrap_or_default();
            return Ok(Some(Redacted::new(line.to_owned())));
        }
        Ok(std::env::var("UC_PASSWORD").ok().map(Redacted::new))
    }

    /// The password from the prompt, where there is somebody.
    pub(crate) fn asked_password(&self) -> Result<Redacted<String>, Failure> {
        if !stdin().is_terminal() {
            return Err(Failure::NoPassword);
        }
        let password = rpassword::prompt_password("Password: ").map_err(|_| Failure::NoPassword)?;
        Ok(Redacted::new(password))
    }
}

impl Way {
    /// The password that signs in.
    pub(crate) const fn password(&self) -> &Redacted<String> {
        &self.password
    }

    /// The profile that signs in.
    pub(crate) const fn profile(&self) -> Option<&(Preferences, ProfileId)> {
        self.profile.as_ref()
    }

    /// The settings in force once `client` has signed in: what the server keeps comes first.
    pub(crate) fn settings(&self, client: &Client) -> Settings {
        let mut settings = match &self.profile {
            Some((preferences, id)) => preferences.settings_of(*id),
            None => self.settings.clone(),
        };
        if let Some(servers) = &client.view().account().settings {
            settings.adopt(servers);
        }
        settings
    }

    /// Signs in with what `prepare` adds; asks a person about an unknown certificate. A profile
    /// keeps the accepted one, and the settings that the server keeps.
    pub(crate) async fn sign_in(
        &self,
        output: &Output,
        prepare: impl Fn(ClientBuilder) -> Result<ClientBuilder, Failure>,
    ) -> Result<Client, Failure> {
        let builder = prepare(self.builder.clone())?;
        let client = match builder.clone().sign_in().await {
            Err(error) => match accepted(&error) {
                Some(sha256) => builder.trust(Trust::Pin(sha256)).sign_in().await?,
                None => return Err(refused(error)),
            },
            Ok(client) => client,
        };
        if let Some((preferences, id)) = &self.profile {
            preferences.keep_pins(*id, &client.pins()).await?;
            preferences.take_over(*id, &client).await?;
        }
        output.obey(self.settings(&client));
        Ok(client)
    }

    /// Keeps a changed password in place of the one that the profile keeps, if it does: the server
    /// refuses that from now on. Says whether the new one is kept.
    pub(crate) async fn replace_password(&self, new: &Redacted<String>) -> Result<bool, Failure> {
        let Some((preferences, id)) = &self.profile else {
            return Ok(false);
        };
        let kept = preferences.password(*id).await?.is_some();
        if kept {
            preferences.keep_password(*id, new).await?;
        }
        Ok(kept)
    }
}

/// Shows an unknown certificate and asks; `None` when refused or when nobody is there.
fn accepted(error: &SignInError) -> Option<[u8; 32]> {
    let SignInError::UnknownCertificate { certificate, .. } = error else {
        return None;
    };
    if !stdin().is_terminal() {
        return None;
    }
    eprintln!(
        "The server's certificate is not known yet:\n  {}",
        describe(certificate)
    );
    eprintln!("  SHA-256 {}", fingerprint(&certificate.sha256));
    eprint!("Is that the administrator's fingerprint? Accept it [y/N] ");
    let mut line = String::new();
    stdin().read_line(&mut line).ok()?;
    matches!(line.trim(), "y" | "Y" | "yes").then_some(certificate.sha256)
}

/// A certificate that wasn't accepted comes with what a person needs to accept it.
fn refused(error: SignInError) -> Failure {
    let (SignInError::UnknownCertificate { certificate, .. }
    | SignInError::ChangedCertificate { certificate, .. }) = &error
    else {
        return error.into();
    };
    Failure::Certificate {
        certificate: describe(certificate),
        pin: fingerprint(&certificate.sha256),
        error: Box::new(error),
    }
}

fn describe(certificate: &Certificate) -> String {
    format!("{} (issued by {})", certificate.subject, certificate.issuer)
}

/// As the server prints it, so that the two can be compared by eye.
pub(crate) fn fingerprint(sha256: &[u8; 32]) -> String {
    sha256.map(|byte| format!("{byte:02X}")).join(":")
}
